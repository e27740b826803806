---Requests for completions. Only the answer to the newest is used; older requests are cancelled. An
---automatic request does not replace one that the user made with a key at the same place.
local positions = require("assist.positions")

local M = {}

local METHOD = "textDocument/inlineCompletion"

---@class assist.Request
---@field id? integer
---@field client vim.lsp.Client
---@field place string the version of the text, and the cursor
---@field take? fun(items: lsp.InlineCompletionItem[], encoding: string) if made with a key

local newest = {} ---@type table<integer, assist.Request>

M.METHOD = METHOD
M.INVOKED, M.AUTOMATIC = 1, 2 -- kinds of requests

---@param buf integer
---@return string
local function place_in(buf)
  return ("%d:%d:%d"):format(vim.api.nvim_buf_get_changedtick(buf), positions.cursor())
end

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
---@param take? fun(items: lsp.InlineCompletionItem[], encoding: string)
---@return integer? id
function M.ask(client, buf, send, take)
  local place, older = place_in(buf), newest[buf]
  if not take and older and older.take and older.place == place then
    return nil
  end
  M.cancel(buf)
  local request = { client = client, place = place, take = take } ---@type assist.Request
  newest[buf] = request
  request.id = send(function(err, result)
    if newest[buf] ~= request then
      return
    end
    newest[buf] = nil
    local items = not err and result and (result.items or result) or {}
    if take then
      return take(items, client.offset_encoding)
    end
    require("assist.suggestion").take(buf, items, client.offset_encoding)
  end)
  return request.id
end

---Request completions at the cursor.
---@param client vim.lsp.Client
---@param buf integer
---@param kind integer one of those in M
---@param take? fun(items: lsp.InlineCompletionItem[], encoding: string)
function M.ask_here(client, buf, kind, take)
  local row, col = positions.cursor()
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(buf) },
    position = positions.position(buf, row, col, client.offset_encoding),
    context = { triggerKind = kind },
  }
  M.ask(client, buf, function(handler)
    return require("assist.client").request(client, M.METHOD, params, handler, buf)
  end, take)
end

---Request all completions; an automatic request returns only the most likely one.
---@param buf integer
---@param take fun(items: lsp.InlineCompletionItem[], encoding: string)
function M.ask_for_others(buf, take)
  local client = require("assist.client").get()
  if client then
    M.ask_here(client, buf, M.INVOKED, take)
  end
end

return M
