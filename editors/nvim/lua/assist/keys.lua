---Keys in insert mode that act on ghost text, and do what they did before where there is none.
local M = {}

local MODE = "i"
local replaced = {} ---@type table<integer, table<string, table>> mappings by buffer and key

local function keycodes(keys)
  return vim.api.nvim_replace_termcodes(keys, true, true, true)
end

---The mapping that a key has without this plugin, of a buffer or for all of them.
---@param buf integer
---@param key string
---@return table?
local function earlier_mapping(buf, key)
  local of_buffer = replaced[buf] and replaced[buf][key]
  if of_buffer then
    return of_buffer
  end
  for _, mapping in ipairs(vim.api.nvim_get_keymap(MODE)) do
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

---Do what a key does without this plugin.
---@param buf integer
---@param key string
local function press(buf, key)
  local mapping = earlier_mapping(buf, key)
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
    local mapping = vim.api.nvim_buf_call(buf, function()
      return vim.fn.maparg(key, MODE, false, true)
    end)
    replaced[buf][key] = mapping.buffer == 1 and mapping or nil
    vim.keymap.set(MODE, key, function()
      if not require("assist")[name]() then
        press(buf, key)
      end
    end, { buffer = buf, desc = "assist: " .. name:gsub("_", " ") })
  end
end

---@param buf integer
function M.detach(buf)
  if not vim.api.nvim_buf_is_valid(buf) then
    replaced[buf] = nil
    return
  end
  for _, mapping in ipairs(vim.api.nvim_buf_get_keymap(buf, MODE)) do
    if vim.startswith(mapping.desc or "", "assist: ") then
      vim.keymap.del(MODE, mapping.lhs, { buffer = buf })
    end
  end
  for _, mapping in pairs(replaced[buf] or {}) do
    -- Fails in a buffer that is just being unloaded, whose mappings nobody will miss.
    pcall(vim.api.nvim_buf_call, buf, function()
      vim.fn.mapset(mapping)
    end)
  end
  replaced[buf] = nil
end

return M
