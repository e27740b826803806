---A floating window that shows an answer.
local M = {}

local LEAST_COLUMNS, MOST_COLUMNS = 20, 80

---Return the size of a window that shows lines, and its place in the middle of the screen.
---@param lines string[]
---@param footer string
---@param screen { columns: integer, rows: integer }
---@return { row: integer, col: integer, width: integer, height: integer }
function M.layout(lines, footer, screen)
  local columns = vim.fn.strdisplaywidth(footer) + 4
  for _, line in ipairs(lines) do
    columns = math.max(columns, vim.fn.strdisplaywidth(line))
  end
  columns = math.max(LEAST_COLUMNS, math.min(columns, MOST_COLUMNS, screen.columns - 4))
  local rows = 0
  for _, line in ipairs(lines) do
    rows = rows + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / columns))
  end
  rows = math.max(1, math.min(rows, screen.rows - 6))
  return {
    row = math.floor((screen.rows - rows) / 2) - 1,
    col = math.floor((screen.columns - columns) / 2),
    width = columns,
    height = rows,
  }
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

---Show text in the place of what is there.
---@param text string
---@param footer string
function Panel:show(text, footer)
  local lines = vim.split((text:gsub("^\n+", ""):gsub("%s+$", "")), "\n", { plain = true })
  vim.bo[self.buf].modifiable = true
  vim.api.nvim_buf_set_lines(self.buf, 0, -1, false, lines)
  vim.bo[self.buf].modifiable = false
  local screen = { columns = vim.o.columns, rows = vim.o.lines }
  local place = M.layout(lines, footer, screen)
  place.relative, place.footer, place.footer_pos = "editor", footer, "right"
  if self.below and vim.api.nvim_win_is_valid(self.below.win) then
    local window = vim.fn.getwininfo(self.below.win)[1]
    local last = vim.fn.col({ self.below.line + 1, "$" }, self.below.win)
    local spot = vim.fn.screenpos(self.below.win, self.below.line + 1, math.max(1, last - 1))
    if spot.row > 0 then -- it is on the screen
      place.row, place.col = spot.row, window.wincol + window.textoff - 1
    end
  end
  vim.api.nvim_win_set_config(self.win, place)
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
function Panel:show_markdown(markdown, footer)
  self:show(markdown, footer)
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
