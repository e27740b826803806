---The functions to call from a user's configuration. The modules that do the work are loaded when
---they are first needed.
local M = {}

---Set options; calling this is optional. See |assist-options|.
---@param options? assist.Options
function M.setup(options)
  require("assist.config").setup(options)
end

---Return the state in the format of 'statusline'; empty while no server is running.
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

---Show the next completion.
---@return boolean # whether there was one
function M.next()
  return require("assist.suggestion").cycle(1)
end

---Show the previous completion.
---@return boolean # whether there was one
function M.previous()
  return require("assist.suggestion").cycle(-1)
end

---Request a completion at the cursor, also where none is offered automatically.
function M.ask()
  require("assist.suggestion").ask()
end

---Remove the ghost text.
---@return boolean # whether there was one
function M.dismiss()
  return require("assist.suggestion").dismiss()
end

return M
