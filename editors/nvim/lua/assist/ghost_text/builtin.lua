---Ghost text by Neovim's own inline completion (0.12): it asks and draws. Its public functions
---neither tell which text is shown nor let a part of it be accepted, so its requests to this server
---are listened to, and what it draws is what it is answered.
local newest = require("assist.ghost_text.newest")
local positions = require("assist.positions")

local M = {}

local clients = {} ---@type table<integer, vim.lsp.Client> by buffer
local handlers = {} ---@type table<integer, lsp.Handler> Neovim's own, by buffer
local listened = setmetatable({}, { __mode = "k" }) ---@type table<vim.lsp.Client, true>
local drawn ---@type assist.Suggestion?

---Answer Neovim in the server's place.
local function feed(buf, items)
  local client, handler = clients[buf], handlers[buf]
  if client and handler then
    -- Where the user switched inline completion off meanwhile, the handler has nothing to write to.
    local context = { client_id = client.id, bufnr = buf, method = newest.METHOD }
    pcall(handler, nil, { items = items }, context)
  end
end

---@param suggestion assist.Suggestion
function M.show(suggestion)
  if suggestion == drawn then
    return -- Neovim itself leaves out what is typed of it
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

---Stand between Neovim and the server for one kind of request.
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
  -- For the buffer: of a client that is enabled by its id, Neovim 0.12 does not take leave.
  vim.lsp.inline_completion.enable(true, { bufnr = buf })
end

---@param buf integer
function M.detach(buf)
  newest.cancel(buf)
  clients[buf], handlers[buf] = nil, nil
end

return M
