---Finding the server's program.
local M = {}

local NAME = "assist-server"

---@param root? string
---@return string?
local function in_project(root)
  local folder = vim.fn.has("win32") == 1 and "Scripts" or "bin"
  local path = root and vim.fs.joinpath(root, ".venv", folder, NAME)
  return path and vim.fn.executable(path) == 1 and path or nil
end

---Return the command that starts the server, or why there is none and what to do.
---@param root? string the project's folder
---@return string[]? command
---@return string? problem
function M.find(root)
  local options = require("assist.config").options
  local verb = options.share_server and "connect" or nil
  if options.cmd then
    local is_whole = type(options.cmd) == "table"
    local command = is_whole and vim.deepcopy(options.cmd) or { options.cmd, verb }
    command[1] = vim.fn.expand(command[1])
    if vim.fn.executable(command[1]) == 1 then
      return command
    end
    return nil, ("%s cannot be run; correct the option cmd, or remove it"):format(command[1])
  end
  if vim.fn.executable(NAME) == 1 then
    return { NAME, verb }
  end
  local path = options.project_venv and in_project(root)
  if path then
    return { path, verb }
  end
  local advice = 'install it, or set its path with require("assist").setup({ cmd = ... })'
  return nil, ("%s was not found; %s"):format(NAME, advice)
end

---Return the command of `doctor`: the program of the server's command with other arguments.
---@param command string[]
---@return string[]
function M.doctor(command)
  local words = {}
  for _, word in ipairs(command) do
    if vim.list_contains({ "connect", "serve", "--stdio" }, word) then
      break
    end
    table.insert(words, word)
  end
  vim.list_extend(words, { "doctor", "--json" })
  local model = require("assist.config").options.settings.model
  return model and vim.list_extend(words, { "--model", model }) or words
end

return M
