---The server's log. Neovim would write the server's standard error into its own log, as errors.
local M = {}

local MOST_BYTES = 2 ^ 20

---@return string
function M.path()
  return vim.fs.joinpath(vim.fn.stdpath("log"), "assist-server.log")
end

---Open the log; a long one is emptied first, so that it needs no care.
local function open()
  local path = M.path()
  vim.fn.mkdir(vim.fs.dirname(path), "p")
  local found = vim.uv.fs_stat(path)
  local file = io.open(path, found and found.size > MOST_BYTES and "w" or "a")
  if file then
    file:setvbuf("line")
  end
  return file
end

---Call `vim.lsp.rpc.start`, with the standard error of the process in this log. There is no option
---for that, so `vim.system` is replaced during the call.
function M.start(command, dispatchers)
  local log, system = open(), vim.system
  vim.system = function(words, options, on_exit)
    local function write(_, text)
      if log and text then
        log:write(text)
      end
    end
    return system(words, vim.tbl_extend("force", options, { stderr = write }), on_exit)
  end
  local is_started, rpc = pcall(vim.lsp.rpc.start, command, dispatchers)
  vim.system = system
  return is_started and rpc or error(rpc, 0)
end

return M
