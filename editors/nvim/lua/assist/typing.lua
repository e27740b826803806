---Text that counts as typed: `.` repeats it, and macros record it.
local M = {}

local function keycodes(keys)
  return vim.api.nvim_replace_termcodes(keys, true, true, true)
end

-- What a terminal sends around pasted text; Neovim 0.11 and newer record pasted text with it.
local PASTE_BEGINS, PASTE_ENDS = keycodes("<t_PS>"), keycodes("<t_PE>")
local SPECIAL = PASTE_BEGINS:byte(1)

local records_paste = vim.fn.has("nvim-0.11") == 1

---Insert text at the cursor, in place of text after it.
---@param text string
---@param replaced string
function M.insert(text, replaced)
  local deletions = keycodes("<Del>"):rep(vim.fn.strcharlen(replaced))
  if records_paste then
    -- As keys that the user typed: the result of a mapping is not recorded.
    vim.api.nvim_feedkeys(PASTE_BEGINS .. text .. PASTE_ENDS .. deletions, "int", false)
  else
    vim.api.nvim_paste(text, false, -1)
    vim.api.nvim_feedkeys(deletions, "int", false)
  end
end

---Return whether a macro is running whose next keys are the text that this key inserted when the
---macro was recorded.
---@return boolean
function M.is_replayed()
  if vim.fn.reg_executing() == "" or vim.fn.getchar(1) ~= SPECIAL then
    return false
  end
  local key = vim.fn.getchar(0) -- `getchar(1)` returns only the first byte of a key
  vim.api.nvim_feedkeys(type(key) == "number" and vim.fn.nr2char(key) or key, "im", false)
  return key == PASTE_BEGINS
end

return M
