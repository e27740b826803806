---Text that counts as typed: `.` repeats it, and macros hold it.
local M = {}

local function keycodes(keys)
  return vim.api.nvim_replace_termcodes(keys, true, true, true)
end

-- What a terminal puts around pasted text; Neovim records it so from 0.11 on.
local PASTE_BEGINS, PASTE_ENDS = keycodes("<t_PS>"), keycodes("<t_PE>")
local SPECIAL = PASTE_BEGINS:byte(1)

local records_paste = vim.fn.has("nvim-0.11") == 1

---Insert text at the cursor, in place of what stands behind it.
---@param text string
---@param replaced string
function M.insert(text, replaced)
  local deletions = keycodes("<Del>"):rep(vim.fn.strcharlen(replaced))
  if records_paste then
    -- Not as a mapping's result but as keys of the user's, which is what is recorded.
    vim.api.nvim_feedkeys(PASTE_BEGINS .. text .. PASTE_ENDS .. deletions, "int", false)
  else
    vim.api.nvim_paste(text, false, -1)
    vim.api.nvim_feedkeys(deletions, "int", false)
  end
end

---Whether a macro is running that goes on with what this key had inserted when it was recorded.
---@return boolean
function M.is_replayed()
  if vim.fn.reg_executing() == "" or vim.fn.getchar(1) ~= SPECIAL then
    return false
  end
  local key = vim.fn.getchar(0) -- of a key of several bytes, the first alone can be looked at
  vim.api.nvim_feedkeys(type(key) == "number" and vim.fn.nr2char(key) or key, "im", false)
  return key == PASTE_BEGINS
end

return M
