---Keys in insert mode that act on ghost text. Without ghost text, they do what they did before.
local mappings = require("assist.mappings")

local M = {}

local MODE = "i"
local DESCRIPTION = "assist: "
local earlier_mappings = {} ---@type table<integer, table<string, table>> by buffer and key

---Do what a key did before this plugin mapped it. A completion menu's plugin may have wrapped this
---plugin's mapping since, so calling the buffer's current mapping could loop.
---@param earlier? table the mapping that the buffer had
---@param key string
local function press(earlier, key)
  local mapping = earlier or mappings.find(vim.api.nvim_get_keymap(MODE), key)
  local keys, are_mapped = mappings.effect(key, mapping)
  if keys then
    vim.api.nvim_feedkeys(keys, are_mapped and "im" or "in", false)
  end
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
    local earlier = mappings.find(vim.api.nvim_buf_get_keymap(buf, MODE), key)
    earlier_mappings[buf][mappings.keycodes(key)] = earlier
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
      local before = earlier[mappings.keycodes(mapping.lhs)]
      -- Fails in a buffer that is being unloaded, whose mappings no longer matter.
      pcall(vim.api.nvim_buf_call, buf, function()
        return before and vim.fn.mapset(before)
      end)
    end
  end
end

return M
