---The functions that are meant to be called from a user's configuration; each module behind them is
---loaded when its function is first called.
local M = {}

---Optional: change what this plugin does. See |assist-options|.
---@param options? assist.Options
function M.setup(options)
  require("assist.config").setup(options)
end

---The state in the format of 'statusline'; empty where the server does not run.
---@return string
function M.statusline()
  return require("assist.status").statusline()
end

---Insert the whole ghost text.
---@return boolean # whether there was one
function M.accept()
  return require("assist.suggestion").accept("all")
end

---Insert the next word of the ghost text.
---@return boolean # whether there was one
function M.accept_word()
  return require("assist.suggestion").accept("word")
end

---Insert the next line of the ghost text.
---@return boolean # whether there was one
function M.accept_line()
  return require("assist.suggestion").accept("line")
end

---Show the next proposal.
---@return boolean # whether there was one
function M.next()
  return require("assist.suggestion").cycle(1)
end

---Show the previous proposal.
---@return boolean # whether there was one
function M.previous()
  return require("assist.suggestion").cycle(-1)
end

---Ask for a proposal here, also where none is made unasked.
function M.ask()
  require("assist.suggestion").ask()
end

---Take the ghost text away.
---@return boolean # whether there was one
function M.dismiss()
  return require("assist.suggestion").dismiss()
end

return M
