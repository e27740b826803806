---Keys in insert mode that act on ghost text, and do what they did before where there is none.
local M = {}

local MODE = "i"
local DESCRIPTION = "assist: "
local replaced = {} ---@type table<integer, table<string, table>> what buffers mapped, by key

local function keycodes(keys)
  return vim.api.nvim_replace_termcodes(keys, true, true, true)
end

---@param mappings table[]
---@param key string
---@return table?
local function find(mappings, key)
  for _, mapping in ipairs(mappings) do
    if keycodes(mapping.lhs) == keycodes(key) then
      return mapping
    end
  end
end

---@param mapping table
---@return string? keys that it stands for; nothing when it did its work itself
local function meaning(mapping)
  if mapping.callback then
    local result = mapping.callback()
    local is_keys = mapping.expr == 1 and type(result) == "string"
    return is_keys and (mapping.replace_keycodes == 1 and keycodes(result) or result) or nil
  end
  local rhs = mapping.rhs:gsub("<SID>", ("<SNR>%d_"):format(mapping.sid or 0))
  if mapping.expr == 1 then
    local result = vim.api.nvim_eval(rhs)
    return mapping.replace_keycodes == 1 and keycodes(result) or result
  end
  return keycodes(rhs)
end

---What Neovim makes of a key that is not mapped: with ALT, it is Escape and the key, as terminals
---send it. Of keys that are fed, the ALT would be lost.
---@param key string
---@return boolean # whether that is what it is
local function press_as_escape(key)
  local name = vim.fn.keytrans(keycodes(key)):match("^<M%-(.+)>$")
  if not name then
    return false
  end
  local rest = (#name == 1 or vim.fn.strcharlen(name) == 1) and name or ("<%s>"):format(name)
  vim.api.nvim_feedkeys(keycodes("<Esc>" .. rest), "im", false)
  return true
end

---Do what a key did before this plugin mapped it. A menu's plugin may have taken over the mapping
---since and come here where it has nothing to do, so what the buffer maps now must not be asked.
---@param earlier? table the mapping that the buffer had
---@param key string
local function press(earlier, key)
  local mapping = earlier or find(vim.api.nvim_get_keymap(MODE), key)
  if not mapping and press_as_escape(key) then
    return
  end
  local literal = keycodes(key)
  local keys = literal
  if mapping then
    keys = meaning(mapping)
  end
  if not keys or keys == "" then
    return
  end
  -- A mapping that begins with its own key means the key itself there, as everywhere in Vim.
  local maps_on = mapping and mapping.noremap == 0 and not vim.startswith(keys, literal)
  vim.api.nvim_feedkeys(keys, maps_on and "im" or "in", false)
end

---@return table<string, string>
local function chosen_keys()
  local chosen = {}
  for name, key in pairs(require("assist.config").options.keys or {}) do
    if key and key ~= "" then
      chosen[name] = key
    end
  end
  return chosen
end

---@param buf integer
function M.attach(buf)
  M.detach(buf)
  replaced[buf] = {}
  for name, key in pairs(chosen_keys()) do
    local earlier = find(vim.api.nvim_buf_get_keymap(buf, MODE), key)
    replaced[buf][keycodes(key)] = earlier
    vim.keymap.set(MODE, key, function()
      if not require("assist.typing").is_replayed() and not require("assist")[name]() then
        press(earlier, key)
      end
    end, { buffer = buf, desc = DESCRIPTION .. name:gsub("_", " ") })
  end
end

---Give the keys back, but for those that someone else has mapped since.
---@param buf integer
function M.detach(buf)
  local earlier = replaced[buf] or {}
  replaced[buf] = nil
  if not vim.api.nvim_buf_is_valid(buf) then
    return
  end
  for _, mapping in ipairs(vim.api.nvim_buf_get_keymap(buf, MODE)) do
    if vim.startswith(mapping.desc or "", DESCRIPTION) then
      vim.keymap.del(MODE, mapping.lhs, { buffer = buf })
      local before = earlier[keycodes(mapping.lhs)]
      -- Fails in a buffer that is just being unloaded, whose mappings nobody will miss.
      pcall(vim.api.nvim_buf_call, buf, function()
        return before and vim.fn.mapset(before)
      end)
    end
  end
end

return M
