---A floating window that shows an answer.
local M = {}

local LEAST_COLUMNS, MOST_COLUMNS = 20, 80
local NOTE_PRIORITY = 200 -- above that of syntax
local namespace = vim.api.nvim_create_namespace("assist.panel")

---@class assist.Remark
---@field row integer of the line above which it is drawn, from 0
---@field lines string[]
---@field look string a highlight group

---Return the size of a window that shows lines, and its place in the middle of the screen.
---@param lines string[]
---@param footer string
---@param screen { columns: integer, rows: integer }
---@return { row: integer, col: integer, width: integer, height: integer }
---@return integer # the number of rows that all lines take
function M.layout(lines, footer, screen)
  local columns = vim.fn.strdisplaywidth(footer) + 4
  for _, line in ipairs(lines) do
    columns = math.max(columns, vim.fn.strdisplaywidth(line))
  end
  columns = math.max(LEAST_COLUMNS, math.min(columns, MOST_COLUMNS, screen.columns - 4))
  local rows = 0
  for _, line in ipairs(lines) do
    rows = rows + #M.wrapped(line, columns)
  end
  local height = math.max(1, math.min(rows, screen.rows - 6))
  return {
    row = math.floor((screen.rows - height) / 2) - 1,
    col = math.floor((screen.columns - columns) / 2),
    width = columns,
    height = height,
  },
    rows
end

---@class assist.Panel
---@field buf integer
---@field win integer
---@field below? { win: integer, line: integer } the line below which it opens, from 0
local Panel = {}
Panel.__index = Panel

---Open an empty window that takes the focus.
---@param title string
---@return assist.Panel
function M.open(title)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden, vim.bo[buf].modifiable = "wipe", false
  local win = vim.api.nvim_open_win(buf, true, {
    relative = "editor",
    style = "minimal",
    border = "rounded",
    row = 0,
    col = 0,
    width = LEAST_COLUMNS,
    height = 1,
    title = (" %s "):format(title),
    title_pos = "center",
  })
  vim.wo[win].wrap, vim.wo[win].linebreak = true, true
  vim.wo[win].conceallevel, vim.wo[win].concealcursor = 2, "nc"
  local panel = setmetatable({ buf = buf, win = win }, Panel)
  panel:map("q", "Close", "<Cmd>close<CR>")
  panel:map("<Esc>", "Close", "<Cmd>close<CR>")
  return panel
end

---@param key string
---@param what string
---@param action string|fun()
function Panel:map(key, what, action)
  vim.keymap.set("n", key, action, { buffer = self.buf, nowait = true, desc = what })
end

---@param keys string[]
function Panel:forget_keys(keys)
  for _, key in ipairs(keys) do
    pcall(vim.keymap.del, "n", key, { buffer = self.buf }) -- it may not be mapped
  end
end

---Return whether the user has not closed it.
function Panel:is_open()
  return vim.api.nvim_win_is_valid(self.win)
end

function Panel:close()
  if self:is_open() then
    vim.api.nvim_win_close(self.win, true)
  end
end

---Return the lines of a text as a window shows them, without blank ones at the ends.
---@param text string
---@return string[]
function M.lines(text)
  return vim.split((text:gsub("^\n+", ""):gsub("%s+$", "")), "\n", { plain = true })
end

---Show text in the place of what is there.
---@param text string
---@param footer string
---@param remarks? assist.Remark[] drawn between its lines
function Panel:show(text, footer, remarks)
  local lines = M.lines(text)
  vim.bo[self.buf].modifiable = true
  vim.api.nvim_buf_set_lines(self.buf, 0, -1, false, lines)
  vim.bo[self.buf].modifiable = false
  local drawn = vim.list_extend({}, lines)
  for _, remark in ipairs(remarks or {}) do
    vim.list_extend(drawn, remark.lines)
  end
  local screen = { columns = vim.o.columns, rows = vim.o.lines }
  local place, rows = M.layout(drawn, footer, screen)
  if rows > place.height then
    footer = (" %d lines ·%s"):format(rows, footer)
    place = M.layout(drawn, footer, screen)
  end
  place.footer = footer
  place.relative, place.footer_pos = "editor", "right"
  if self.below and vim.api.nvim_win_is_valid(self.below.win) then
    local window = vim.fn.getwininfo(self.below.win)[1]
    local last = vim.fn.col({ self.below.line + 1, "$" }, self.below.win)
    local spot = vim.fn.screenpos(self.below.win, self.below.line + 1, math.max(1, last - 1))
    if spot.row > 0 then -- it is on the screen
      place.row, place.col = spot.row, window.wincol + window.textoff - 1
    end
  end
  vim.api.nvim_win_set_config(self.win, place)
  self:remark(remarks or {}, place.width)
end

---Draw remarks between the lines.
---@param remarks assist.Remark[]
---@param columns integer at which they wrap
function Panel:remark(remarks, columns)
  vim.api.nvim_buf_clear_namespace(self.buf, namespace, 0, -1)
  local n_above_all = 0
  for _, remark in ipairs(remarks) do
    local drawn = {}
    for _, line in ipairs(remark.lines) do
      for _, piece in ipairs(M.wrapped(line, columns)) do
        table.insert(drawn, { { piece, remark.look } })
      end
    end
    local is_last = remark.row >= vim.api.nvim_buf_line_count(self.buf)
    vim.api.nvim_buf_set_extmark(self.buf, namespace, remark.row - (is_last and 1 or 0), 0, {
      virt_lines = drawn,
      virt_lines_above = not is_last,
    })
    n_above_all = n_above_all + (remark.row == 0 and #drawn or 0)
  end
  vim.api.nvim_win_call(self.win, function()
    vim.fn.winrestview({ topfill = n_above_all }) -- Neovim hides what is above the first line
  end)
end

---Return a line in pieces that fit into columns, divided between words where possible.
---@param line string
---@param columns integer
---@return string[]
function M.wrapped(line, columns)
  local pieces = {}
  while vim.fn.strdisplaywidth(line) > columns do
    local n_chars = columns
    while vim.fn.strdisplaywidth(vim.fn.strcharpart(line, 0, n_chars)) > columns do
      n_chars = n_chars - 1
    end
    local piece = vim.fn.strcharpart(line, 0, n_chars)
    local after_word = (piece .. line:sub(#piece + 1, #piece + 1)):match("^.*%S()%s")
    piece = after_word and piece:sub(1, after_word - 1) or piece
    table.insert(pieces, piece)
    line = line:sub(#piece + 1):gsub("^%s+", "")
  end
  table.insert(pieces, line)
  return pieces
end

---Colour what it shows as a language.
---@param filetype string
function Panel:colour(filetype)
  local language = vim.treesitter.language.get_lang(filetype) or filetype
  if not pcall(vim.treesitter.start, self.buf, language) then
    vim.bo[self.buf].syntax = filetype -- not `filetype`, for which other servers would start
  end
end

---Show Markdown in the place of what is there.
---@param markdown string
---@param footer string
---@param note? string to show above it
function Panel:show_markdown(markdown, footer, note)
  if note then -- as text: what is drawn beside a fence is concealed with it
    markdown = ("%s\n\n%s"):format(note, markdown)
  end
  self:show(markdown, footer)
  if note then
    local look = { end_row = 1, hl_group = "WarningMsg", priority = NOTE_PRIORITY }
    vim.api.nvim_buf_set_extmark(self.buf, namespace, 0, 0, look)
  end
  vim.bo[self.buf].filetype = "markdown"
  self:colour("markdown")
end

---Open a window in normal mode. While the user types, wait for it: the keys would go to the window.
---@param act fun()
function M.when_normal(act)
  local mode = vim.api.nvim_get_mode().mode
  if mode:find("^[vV\22]") then
    vim.cmd.normal({ "\27", bang = true }) -- a selection has served its purpose
  elseif mode ~= "n" then
    vim.api.nvim_create_autocmd("ModeChanged", {
      pattern = "*:n",
      once = true,
      desc = "Show what arrived outside normal mode",
      callback = vim.schedule_wrap(act),
    })
    return
  end
  act()
end

---@param text string
---@param said string
function M.copy(text, said)
  vim.fn.setreg('"', text)
  pcall(vim.fn.setreg, "+", text) -- there may be no clipboard
  require("assist.notice").answer(said)
end

return M
