---A summary in a floating window.
local panels = require("assist.panel")
local positions = require("assist.positions")

local M = {}

local KEYS = " q close · y copy · i insert as comment "
local namespace = vim.api.nvim_create_namespace("assist.summary")

---Track a range while the buffer is edited.
---@param buf integer
---@param range lsp.Range
---@param encoding string
---@return fun(): lsp.Range # returns the current range
---@return fun() # ends the tracking
local function follow(buf, range, encoding)
  local row, col, end_row, end_col = positions.bounds(buf, range, encoding)
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
    panels.when_normal(function()
      local panel = panels.open("Summary")
      panel:show_markdown(summary.markdown, KEYS)
      panel:map("y", "Copy the summary", function()
        panels.copy(summary.markdown, "the summary was copied")
      end)
      panel:map("i", "Insert the summary as a comment", function()
        insert(source, range_of_now)
      end)
      vim.api.nvim_create_autocmd(
        "BufWipeout",
        { buffer = panel.buf, once = true, callback = unfollow }
      )
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
