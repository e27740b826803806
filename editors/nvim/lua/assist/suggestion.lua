---The completion at the cursor: which one it is, whether it still fits what was typed since, and
---what the keys do with it. `ghost_text/` decides how it is drawn, and when the server is asked.
local completion = require("assist.completion")
local positions = require("assist.positions")

local M = {}

---@class assist.Suggestion: assist.Completion
---@field buf integer

---@class assist.GhostText
---@field attach fun(client: vim.lsp.Client, buf: integer)
---@field detach fun(buf: integer)
---@field show fun(suggestion: assist.Suggestion, rest: string)
---@field hide fun(buf: integer)

local suggestions = {} ---@type assist.Suggestion[]
local index = 1
local has_all = false -- whether the server was asked for other completions, too
local ghost_text ---@type assist.GhostText?

---@return assist.GhostText
local function chosen_ghost_text()
  local wanted = require("assist.config").options.ghost_text
  local has_builtin = vim.lsp.inline_completion ~= nil
  local kind = has_builtin and wanted ~= "own" and "builtin" or "own"
  return require("assist.ghost_text." .. kind)
end

---Return what is left to insert at the cursor; nil if the text no longer fits there.
---@param suggestion assist.Suggestion
---@return string?
local function rest_of(suggestion)
  if vim.api.nvim_get_current_buf() ~= suggestion.buf then
    return nil
  end
  local row, col = positions.cursor()
  return completion.rest(suggestion, row, col, positions.line(suggestion.buf, row))
end

local function is_inserting()
  return vim.startswith(vim.api.nvim_get_mode().mode, "i")
end

local function is_hidden_by_menu()
  local hides = require("assist.config").options.with_menu == "hide"
  return hides and require("assist.menu").is_visible()
end

---@return assist.Suggestion?
---@return string? rest
local function visible()
  local current = suggestions[index]
  local rest = current and is_inserting() and not is_hidden_by_menu() and rest_of(current)
  if rest then
    return current, rest
  end
end

---Forget everything and show nothing.
function M.clear()
  local current = suggestions[index]
  suggestions, index, has_all = {}, 1, false
  if current and ghost_text then
    ghost_text.hide(current.buf)
  end
end

---Draw or hide the ghost text, as the current text and menu require.
function M.update()
  local current = suggestions[index]
  if not current or not ghost_text then
    return
  end
  if not rest_of(current) then
    return M.clear()
  end
  local shown, rest = visible()
  if shown then
    ghost_text.show(shown, rest)
  else
    ghost_text.hide(current.buf)
  end
end

---@param buf integer
---@param item lsp.InlineCompletionItem
---@param encoding string
---@return assist.Suggestion?
local function read(buf, item, encoding)
  local row, col = positions.cursor()
  local found = completion.from_item(item, encoding, row, col, positions.line(buf, row))
  return found and vim.tbl_extend("error", found, { buf = buf })
end

---Show the server's completions for a buffer, in place of earlier ones.
---@param buf integer
---@param items lsp.InlineCompletionItem[]
---@param encoding string
function M.take(buf, items, encoding)
  if buf ~= vim.api.nvim_get_current_buf() or not is_inserting() then
    return
  end
  local found = {}
  for _, item in ipairs(items) do
    table.insert(found, read(buf, item, encoding))
  end
  if #found == 0 then
    return M.clear()
  end
  suggestions, index, has_all = found, 1, #found > 1
  M.update()
end

---Add the server's other completions to the one shown, and go to the next of them.
local function take_others(buf, items, encoding, step)
  local shown, rest = visible()
  if not shown or shown.buf ~= buf then
    return
  end
  has_all = true
  for _, item in ipairs(items) do
    local other = read(buf, item, encoding)
    local other_rest = other and rest_of(other)
    if other_rest and other_rest ~= rest then
      table.insert(suggestions, other)
    end
  end
  M.cycle(step)
end

---Begin a new undo step, so that `u` undoes what was accepted and not what was typed.
local function break_undo()
  vim.go.undolevels = vim.go.undolevels
end

---Insert the rest of the ghost text, or a part of it. The rest is computed from the buffer's
---current text, so keys may follow fast: no typed character is left after the inserted text, and no
---text is inserted that no longer fits.
---@param part "all"|"word"|"line"
---@return boolean # whether there was ghost text
function M.accept(part)
  local suggestion, rest = visible()
  if not suggestion or not rest then
    return false
  end
  local text = completion.part(rest, part)
  local is_all = text == rest
  if is_all then
    M.clear()
  else
    local row, col = completion.place_after(text, positions.cursor())
    local after = { buf = suggestion.buf, row = row, col = col, tail = suggestion.tail }
    after.text = rest:sub(#text + 1)
    suggestions, index, has_all = { after }, 1, true
  end
  break_undo()
  require("assist.typing").insert(text, is_all and suggestion.tail or "")
  return true
end

---@param step integer
---@return boolean # whether there was ghost text
function M.cycle(step)
  local shown = visible()
  if not shown then
    return false
  end
  if #suggestions == 1 and not has_all then
    require("assist.ghost_text.newest").ask_for_others(shown.buf, function(items, encoding)
      take_others(shown.buf, items, encoding, step)
    end)
  elseif #suggestions == 1 then
    require("assist.notice").answer("there is no other completion here")
  else
    index = (index - 1 + step) % #suggestions + 1
    M.update()
  end
  return true
end

---@return boolean # whether there was ghost text
function M.dismiss()
  if not visible() then
    return false
  end
  M.clear()
  return true
end

---@param buf integer
local function watch(buf)
  local group = vim.api.nvim_create_augroup("assist.suggestion:" .. buf, {})
  local function on(events, callback, pattern)
    local options = { group = group, callback = callback, pattern = pattern }
    options.buffer = not pattern and buf or nil
    vim.api.nvim_create_autocmd(events, options)
  end
  on({ "CursorMovedI", "TextChangedI", "TextChangedP" }, M.update)
  on({ "InsertLeave", "BufLeave" }, M.clear)
  on({ "CompleteChanged", "CompleteDone" }, function()
    vim.schedule(M.update)
  end)
  on("User", vim.schedule_wrap(M.update), { "BlinkCmpMenuOpen", "BlinkCmpMenuClose" })
  on("InsertEnter", function() -- nvim-cmp is often loaded by this event
    require("assist.menu").watch_cmp(M.update)
  end)
end

---Request a completion at the cursor for the user, whatever the language is.
function M.ask()
  local buf = vim.api.nvim_get_current_buf()
  require("assist.ghost_text.newest").ask_for_others(buf, function(items, encoding)
    M.take(buf, items, encoding)
  end)
end

---Request a completion again where there was none before the model was ready.
function M.ask_again()
  local buf = vim.api.nvim_get_current_buf()
  if ghost_text and is_inserting() and not suggestions[index] then
    -- The automatic requests are made on this event.
    vim.api.nvim_exec_autocmds("CursorMovedI", { buffer = buf, modeline = false })
  end
end

---@param client vim.lsp.Client
---@param buf integer
function M.attach(client, buf)
  ghost_text = ghost_text or chosen_ghost_text()
  watch(buf)
  ghost_text.attach(client, buf)
end

---@param buf integer
function M.detach(buf)
  if suggestions[index] and suggestions[index].buf == buf then
    M.clear()
  end
  pcall(vim.api.nvim_del_augroup_by_name, "assist.suggestion:" .. buf)
  if ghost_text then
    ghost_text.detach(buf)
  end
end

return M
