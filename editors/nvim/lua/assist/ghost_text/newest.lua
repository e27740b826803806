---Only the answer to the newest request counts; older requests are cancelled.
local M = {}

local METHOD = "textDocument/inlineCompletion"
local newest = {} ---@type table<integer, { id?: integer, client: vim.lsp.Client }>

M.METHOD = METHOD

---@param buf integer
function M.cancel(buf)
  local older = newest[buf]
  newest[buf] = nil
  if older and older.id then
    require("assist.client").cancel(older.client, older.id)
  end
end

---@param client vim.lsp.Client
---@param buf integer
---@param send fun(handler: lsp.Handler): integer?
---@return integer? id
function M.ask(client, buf, send)
  M.cancel(buf)
  local request = { client = client }
  newest[buf] = request
  request.id = send(function(err, result)
    if newest[buf] ~= request then
      return
    end
    newest[buf] = nil
    local items = not err and result and (result.items or result) or {}
    require("assist.suggestion").take(buf, items, client.offset_encoding)
  end)
  return request.id
end

return M
