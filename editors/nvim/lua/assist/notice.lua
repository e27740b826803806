---Messages to the user: one sentence each.
local M = {}

---Show a problem, once in a session.
---@param sentence string what is wrong and what to do
function M.once(sentence)
  vim.notify_once("assist: " .. sentence, vim.log.levels.ERROR)
end

---Show the answer to a command of the user, each time it is run.
---@param sentence string
---@param level? integer
function M.answer(sentence, level)
  vim.notify("assist: " .. sentence, level or vim.log.levels.INFO)
end

---Show the error of a command. A refusal of the server (nothing to do here) is not an error.
---@param err lsp.ResponseError
function M.answer_error(err)
  local is_refusal = type(err.data) == "table" and err.data.isRefusal
  M.answer(err.message, is_refusal and vim.log.levels.INFO or vim.log.levels.ERROR)
end

---Handle `window/showMessage`: show errors and warnings once, other messages each time.
function M.from_server(_, params)
  local kind = vim.lsp.protocol.MessageType
  local levels = { [kind.Error] = vim.log.levels.ERROR, [kind.Warning] = vim.log.levels.WARN }
  local level = levels[params.type]
  local show = level and vim.notify_once or vim.notify
  show(params.message, level or vim.log.levels.INFO)
end

return M
