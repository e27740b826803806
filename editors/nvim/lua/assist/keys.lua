---Keys in insert mode that act on ghost text. Without ghost text, they do what they did before.
local M = {}

local MODE = "i"
local DESCRIPTION = "assist: "
local earlier_mappings = {} ---@type table<integer, table<string, table>> by buffer and key

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
---@return string? keys to press; nil if the mapping is a function that has done its work
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

---Press an unmapped key with ALT as Neovim does: Escape, then the key, as terminals send it.
---`nvim_feedkeys` would lose the ALT.
---@param key string
---@return boolean # whether the key has ALT
local function press_as_escape(key)
  local name = vim.fn.keytrans(keycodes(key)):match("^<M%-(.+)>$")
  if not name then
    return false
  end
  local rest = (#name == 1 or vim.fn.strcharlen(name) == 1) and name or ("<%s>"):format(name)
  vim.api.nvim_feedkeys(keycodes("<Esc>" .. rest), "im", false)
  return true
end

---Do what a key did before this plugin mapped it. A completion menu's plugin may have wrapped this
---plugin's mapping since, so calling the buffer's current mapping could loop.
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
  -- In a mapping that begins with its own key, that key is not mapped again, as always in Vim.
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
  earlier_mappings[buf] = {}
  for name, key in pairs(chosen_keys()) do
    local earlier = find(vim.api.nvim_buf_get_keymap(buf, MODE), key)
    earlier_mappings[buf][keycodes(key)] = earlier
    vim.keymap.set(MODE, key, function()
      if not require("assist.typing").is_replayed() and not require("assist")[name]() then
        press(earlier, key)
      end
    end, { buffer = buf, desc = DESCRIPTION .. name:gsub("_", " ") })
  end
end

---Restore the earlier mappings, except of keys that someone else has mapped since.
---@param buf integer
function M.detach(buf)
  local earlier = earlier_mappings[buf] or {}
  earlier_mappings[buf] = nil
  if not vim.api.nvim_buf_is_valid(buf) then
    return
  end
  for _, mapping in ipairs(vim.api.nvim_buf_get_keymap(buf, MODE)) do
    if vim.startswith(mapping.desc or "", DESCRIPTION) then
      vim.keymap.del(MODE, mapping.lhs, { buffer = buf })
      local before = earlier[keycodes(mapping.lhs)]
      -- Fails in a buffer that is being unloaded, whose mappings no longer matter.
      pcall(vim.api.nvim_buf_call, buf, function()
        return before and vim.fn.mapset(before)
      end)
    end
  end
end

return M
