---A summary in a floating window.
local positions = require("assist.positions")

local M = {}

local LEAST_COLUMNS, MOST_COLUMNS = 20, 80
local KEYS = " q close · y copy · i insert as comment "
local namespace = vim.api.nvim_create_namespace("assist.summary")

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

---@param title string
---@param markdown string
---@param footer string
---@return integer buf
local function open(title, markdown, footer)
  local lines = vim.split(vim.trim(markdown), "\n", { plain = true })
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden, vim.bo[buf].filetype = "wipe", "markdown"
  vim.bo[buf].modifiable = false
  local layout = M.layout(lines, footer, { columns = vim.o.columns, rows = vim.o.lines })
  local win = vim.api.nvim_open_win(buf, true, {
    relative = "editor",
    style = "minimal",
    border = "rounded",
    row = layout.row,
    col = layout.col,
    width = layout.width,
    height = layout.height,
    title = (" %s "):format(title),
    title_pos = "center",
    footer = footer,
    footer_pos = "right",
  })
  vim.wo[win].wrap, vim.wo[win].linebreak = true, true
  vim.wo[win].conceallevel, vim.wo[win].concealcursor = 2, "nc"
  pcall(vim.treesitter.start, buf, "markdown")
  for _, key in ipairs({ "q", "<Esc>" }) do
    vim.keymap.set("n", key, "<Cmd>close<CR>", { buffer = buf, nowait = true, desc = "Close" })
  end
  return buf
end

---Show Markdown in a window that takes the focus. While the user types, wait for normal mode: the
---keys would go to the window.
---@param title string
---@param markdown string
---@param footer string
---@param on_open? fun(buf: integer)
function M.open(title, markdown, footer, on_open)
  local function act()
    local buf = open(title, markdown, footer)
    if on_open then
      on_open(buf)
    end
  end
  if vim.api.nvim_get_mode().mode == "n" then
    return act()
  end
  vim.api.nvim_create_autocmd("ModeChanged", {
    pattern = "*:n",
    once = true,
    desc = "Show what arrived outside normal mode",
    callback = vim.schedule_wrap(act),
  })
end

---Track a range while the buffer is edited.
---@param buf integer
---@param range lsp.Range
---@param encoding string
---@return fun(): lsp.Range # returns the current range
---@return fun() # ends the tracking
local function follow(buf, range, encoding)
  local function place(position)
    local line = positions.line(buf, position.line)
    return position.line, positions.byte(line, position.character, encoding)
  end
  local row, col = place(range.start)
  local end_row, end_col = place(range["end"])
  local bounds = { end_row = end_row, end_col = end_col, strict = false }
  local mark = vim.api.nvim_buf_set_extmark(buf, namespace, row, col, bounds)
  local function range_of_now()
    local now = vim.api.nvim_buf_get_extmark_by_id(buf, namespace, mark, { details = true })
    return {
      start = positions.position(buf, now[1], now[2], encoding),
      ["end"] = positions.position(buf, now[3].end_row, now[3].end_col, encoding),
    }
  end
  local function unfollow()
    pcall(vim.api.nvim_buf_del_extmark, buf, namespace, mark) -- the buffer may be gone
  end
  return range_of_now, unfollow
end

---@param text string
---@param said string
function M.copy(text, said)
  vim.fn.setreg('"', text)
  pcall(vim.fn.setreg, "+", text) -- there may be no clipboard
  require("assist.notice").answer(said)
end

---@param source integer the buffer that was summarized
---@param range_of_now fun(): lsp.Range
local function insert(source, range_of_now)
  if not vim.api.nvim_buf_is_loaded(source) then
    local advice = "the file that was summarized is closed; open it and summarize it again"
    return require("assist.notice").answer(advice, vim.log.levels.WARN)
  end
  local range = range_of_now()
  vim.cmd.close()
  vim.api.nvim_buf_call(source, function()
    require("assist.client").execute("assist.insertSummary", { vim.uri_from_bufnr(source), range })
  end)
end

---Summarize a range of a buffer and show the summary.
---@param source integer
---@param range lsp.Range
function M.show(source, range)
  local client = require("assist.client")
  local arguments = { vim.uri_from_bufnr(source), range }
  local range_of_now, unfollow = follow(source, range, client.encoding())
  client.execute("assist.summarize", arguments, function(summary)
    if not vim.api.nvim_buf_is_loaded(source) then
      return -- the file was closed before the answer came
    end
    M.open("Summary", summary.markdown, KEYS, function(buf)
      vim.keymap.set("n", "y", function()
        M.copy(summary.markdown, "the summary was copied")
      end, { buffer = buf, nowait = true, desc = "Copy the summary" })
      vim.keymap.set("n", "i", function()
        insert(source, range_of_now)
      end, { buffer = buf, nowait = true, desc = "Insert the summary as a comment" })
      vim.api.nvim_create_autocmd("BufWipeout", { buffer = buf, once = true, callback = unfollow })
    end)
  end)
end

---Return the range of whole lines.
---@param buf integer
---@param first integer from 1
---@param last integer
---@return lsp.Range
function M.range_of_lines(buf, first, last)
  local encoding = require("assist.client").encoding()
  local length = #positions.line(buf, last - 1)
  return {
    start = { line = first - 1, character = 0 },
    ["end"] = positions.position(buf, last - 1, length, encoding),
  }
end

return M
