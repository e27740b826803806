---Ghost text by Neovim's own inline completion (0.12): Neovim makes the requests and draws the
---text. Its public functions neither return the text that is shown nor accept a part of it. So this
---module intercepts its requests to this server, and answers them with the text to draw.
local newest = require("assist.ghost_text.newest")
local positions = require("assist.positions")

local M = {}

local clients = {} ---@type table<integer, vim.lsp.Client> by buffer
local handlers = {} ---@type table<integer, lsp.Handler> Neovim's own, by buffer
local listened = setmetatable({}, { __mode = "k" }) ---@type table<vim.lsp.Client, true>
local drawn ---@type assist.Suggestion?

---Answer Neovim's request in place of the server.
local function feed(buf, items)
  local client, handler = clients[buf], handlers[buf]
  if client and handler then
    -- The handler fails if the user has switched inline completion off since the request.
    local context = { client_id = client.id, bufnr = buf, method = newest.METHOD }
    pcall(handler, nil, { items = items }, context)
  end
end

---@param suggestion assist.Suggestion
function M.show(suggestion)
  if suggestion == drawn then
    return -- Neovim itself removes what the user types of it
  end
  drawn = suggestion
  local encoding = clients[suggestion.buf].offset_encoding
  local _, cursor_col = positions.cursor()
  local function at(col)
    return positions.position(suggestion.buf, suggestion.row, col, encoding)
  end
  local range = { start = at(suggestion.col), ["end"] = at(cursor_col + #suggestion.tail) }
  feed(suggestion.buf, { { insertText = suggestion.text, range = range } })
end

---@param buf integer
function M.hide(buf)
  if drawn then
    drawn = nil
    feed(buf, {})
  end
end

---Intercept the requests for inline completion that Neovim makes by itself.
local function listen(client)
  local send = client.request
  client.request = function(self, method, params, handler, buf)
    local is_neovims_own = method == newest.METHOD and params.context.triggerKind ~= newest.INVOKED
    if not is_neovims_own or not handler then
      return send(self, method, params, handler, buf)
    end
    handlers[buf] = handler
    local id = newest.ask(client, buf, function(take)
      local was_sent, id = send(self, method, params, take, buf)
      return was_sent and id or nil
    end)
    return id ~= nil, id
  end
end

---@param client vim.lsp.Client
---@param buf integer
function M.attach(client, buf)
  clients[buf] = client
  if not listened[client] then
    listened[client] = true
    listen(client)
  end
  -- By buffer: Neovim 0.12 does not detach from a client that was enabled by its id.
  vim.lsp.inline_completion.enable(true, { bufnr = buf })
end

---@param buf integer
function M.detach(buf)
  newest.cancel(buf)
  clients[buf], handlers[buf] = nil, nil
end

return M
