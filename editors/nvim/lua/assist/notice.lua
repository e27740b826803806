---Messages to the user: one sentence, and each only once.
local M = {}

---@param sentence string what is wrong and what to do
function M.once(sentence)
  vim.notify_once("assist: " .. sentence, vim.log.levels.ERROR)
end

---The answer to what the user asked for just now, so it is said as often as it is asked for.
---@param sentence string
---@param level? integer
function M.answer(sentence, level)
  vim.notify("assist: " .. sentence, level or vim.log.levels.INFO)
end

---What went wrong with what the user asked for; what cannot be done here is no error.
---@param err lsp.ResponseError
function M.answer_error(err)
  local is_refusal = type(err.data) == "table" and err.data.isRefusal
  M.answer(err.message, is_refusal and vim.log.levels.INFO or vim.log.levels.ERROR)
end

---`window/showMessage` of the server: what is wrong is said once, all else as often as it comes.
function M.from_server(_, params)
  local kind = vim.lsp.protocol.MessageType
  local levels = { [kind.Error] = vim.log.levels.ERROR, [kind.Warning] = vim.log.levels.WARN }
  local level = levels[params.type]
  local show = level and vim.notify_once or vim.notify
  show(params.message, level or vim.log.levels.INFO)
end

return M
