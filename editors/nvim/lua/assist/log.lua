---The server's log. Neovim would write all that the server says there as errors into its own.
local M = {}

local MOST_BYTES = 2 ^ 20

---@return string
function M.path()
  return vim.fs.joinpath(vim.fn.stdpath("log"), "assist-server.log")
end

---A new log once the old one is long, so that nobody has to look after it.
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

---`vim.lsp.rpc.start`, with the standard error of the process in a log of its own. There is no
---option for that, so the function that starts the process is stood in for while it is called.
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
