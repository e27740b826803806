---A summary in a floating window.
local positions = require("assist.positions")

local M = {}

local MOST_COLUMNS = 80
local KEYS = " q close · y copy · i insert as comment "

---@param lines string[]
---@return integer
local function rows_of(lines, columns)
  local rows = 0
  for _, line in ipairs(lines) do
    rows = rows + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / columns))
  end
  return rows
end

---@param title string
---@param markdown string
---@param footer string
---@return integer buf
function M.open(title, markdown, footer)
  local lines = vim.split(vim.trim(markdown), "\n", { plain = true })
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden, vim.bo[buf].filetype = "wipe", "markdown"
  vim.bo[buf].modifiable = false
  local columns = vim.fn.strdisplaywidth(footer) + 4
  for _, line in ipairs(lines) do
    columns = math.max(columns, vim.fn.strdisplaywidth(line))
  end
  columns = math.max(20, math.min(columns, MOST_COLUMNS, vim.o.columns - 4))
  local rows = math.max(1, math.min(rows_of(lines, columns), vim.o.lines - 6))
  local win = vim.api.nvim_open_win(buf, true, {
    relative = "editor",
    style = "minimal",
    border = "rounded",
    row = math.floor((vim.o.lines - rows) / 2) - 1,
    col = math.floor((vim.o.columns - columns) / 2),
    width = columns,
    height = rows,
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

---@param text string
local function copy(text)
  vim.fn.setreg('"', text)
  pcall(vim.fn.setreg, "+", text) -- there may be no clipboard
  require("assist.notice").answer("the summary was copied")
end

---@param source integer the buffer that was summarized
---@param range lsp.Range
local function insert(source, range)
  vim.cmd.close()
  vim.api.nvim_buf_call(source, function()
    require("assist.client").execute("assist.insertSummary", { vim.uri_from_bufnr(source), range })
  end)
end

---Summarize a range of a buffer and show what comes.
---@param source integer
---@param range lsp.Range
function M.show(source, range)
  local arguments = { vim.uri_from_bufnr(source), range }
  require("assist.client").execute("assist.summarize", arguments, function(summary)
    local buf = M.open("Summary", summary.markdown, KEYS)
    vim.keymap.set("n", "y", function()
      copy(summary.markdown)
    end, { buffer = buf, nowait = true, desc = "Copy the summary" })
    vim.keymap.set("n", "i", function()
      insert(source, range)
    end, { buffer = buf, nowait = true, desc = "Insert the summary as a comment" })
  end)
end

---The range of whole lines.
---@param buf integer
---@param first integer from 1
---@param last integer
---@return lsp.Range
function M.range_of_lines(buf, first, last)
  local client = require("assist.client").get()
  local encoding = client and client.offset_encoding or "utf-8"
  local length = #positions.line(buf, last - 1)
  return {
    start = { line = first - 1, character = 0 },
    ["end"] = positions.position(buf, last - 1, length, encoding),
  }
end

return M
