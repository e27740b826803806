---What a key does by a mapping, or without one, as keys to press.
local M = {}

---@param keys string
---@return string
function M.keycodes(keys)
  return vim.api.nvim_replace_termcodes(keys, true, true, true)
end

---Return the mapping of a key.
---@param mappings table[]
---@param key string
---@return table?
function M.find(mappings, key)
  for _, mapping in ipairs(mappings) do
    if M.keycodes(mapping.lhs) == M.keycodes(key) then
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
    return is_keys and (mapping.replace_keycodes == 1 and M.keycodes(result) or result) or nil
  end
  local rhs = mapping.rhs:gsub("<SID>", ("<SNR>%d_"):format(mapping.sid or 0))
  if mapping.expr == 1 then
    local result = vim.api.nvim_eval(rhs)
    return mapping.replace_keycodes == 1 and M.keycodes(result) or result
  end
  return M.keycodes(rhs)
end

---Return what Neovim makes of an unmapped key with ALT: Escape, then the key, as terminals send it.
---`nvim_feedkeys` would lose the ALT.
---@param key string
---@return string? # nil for a key without ALT
local function with_escape(key)
  local name = vim.fn.keytrans(M.keycodes(key)):match("^<M%-(.+)>$")
  if not name then
    return nil
  end
  local rest = vim.fn.strcharlen(name) == 1 and name or ("<%s>"):format(name)
  return M.keycodes("<Esc>" .. rest)
end

---Return the keys that do what a key did. A mapping that is a function is called here.
---@param key string
---@param mapping? table
---@return string? keys nil if there is nothing to press
---@return boolean are_mapped whether mappings apply to the keys
function M.effect(key, mapping)
  local literal = M.keycodes(key)
  if not mapping then
    local escaped = with_escape(key)
    return escaped or literal, escaped ~= nil
  end
  local keys = meaning(mapping)
  if not keys or keys == "" then
    return nil, false
  end
  -- In a mapping that begins with its own key, that key is not mapped again, as always in Vim.
  return keys, mapping.noremap == 0 and not vim.startswith(keys, literal)
end

return M
