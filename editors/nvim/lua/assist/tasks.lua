---Tasks for a chat model: their names, and the window in which an answer is written.
local panels = require("assist.panel")
local positions = require("assist.positions")

local M = {}

local NAMES_WAIT_MS = 500
local WAITING = "…"
local WRITING = " q cancel "
local KEEP = " <CR> keep · a again · y copy · q discard "
local INSERT, REPLACE, USE = " i insert below ·", " r replace ·", " a again · y copy · q close "
local namespace = vim.api.nvim_create_namespace("assist.tasks")

---What takes the partial results of the tasks that are running, by token.
local takers = {} ---@type table<string, fun(value: assist.PartialAnswer)>
local n_started = 0

---@class assist.PartialAnswer
---@field text string
---@field restart? boolean whether it replaces what came before
---@field range? lsp.Range what the task is about; comes once
---@field replaced? lsp.Range what an edit will replace; comes once

---@class assist.TaskAnswer
---@field text string
---@field markdown string
---@field code string the part of the answer to insert, or all of it as a comment; may be empty
---@field mayReplace boolean whether it may take the place of the text
---@field range lsp.Range what the task is about
---@field note string why it is incomplete, or makes no edit
---@field edit? lsp.TextEdit

---@class assist.TaskRun
---@field arguments any[] of the command: name, URI, range, words
---@field source integer the buffer that the task is about
---@field panel assist.Panel
---@field cancel? fun() while it is running
---@field tick integer of the buffer when it began

---Return the names of all tasks; none if the server does not answer soon.
---@return string[]
function M.names()
  local listed = require("assist.client").execute_sync("assist.tasks", {}, NAMES_WAIT_MS)
  return vim.tbl_map(function(task)
    return task.name
  end, listed and listed.tasks or {})
end

---Handle `$/progress`: show more of an answer, or leave it to Neovim.
function M.progress(err, params, context)
  local take = takers[params.token]
  if take then
    return take(params.value)
  end
  return vim.lsp.handlers["$/progress"](err, params, context)
end

local function encoding()
  return require("assist.client").encoding()
end

---@param advice string
local function warn(advice)
  require("assist.notice").answer(advice, vim.log.levels.WARN)
end

---Move the window below the text, and mark what an edit will replace.
---@param run assist.TaskRun
---@param about lsp.Range
---@param replaced? lsp.Range
local function point_at(run, about, replaced)
  run.panel.below = { win = vim.fn.bufwinid(run.source), line = about["end"].line }
  run.panel:colour(replaced and vim.bo[run.source].filetype or "markdown")
  vim.wo[run.panel.win].conceallevel = replaced and 0 or 2 -- all that an edit writes is seen
  vim.api.nvim_buf_clear_namespace(run.source, namespace, 0, -1)
  if replaced then
    local row, col, end_row, end_col = positions.bounds(run.source, replaced, encoding())
    local look = { end_row = end_row, end_col = end_col, hl_group = "DiffDelete", strict = false }
    vim.api.nvim_buf_set_extmark(run.source, namespace, row, col, look)
  end
end

---Return the lines that an edit removes, and the numbers of the lines that it adds, from 0.
---@param run assist.TaskRun
---@param edit lsp.TextEdit
---@return assist.Remark[] removed
---@return integer[] added
local function changes(run, edit)
  local row, col, end_row, end_col = positions.bounds(run.source, edit.range, encoding())
  local old = vim.api.nvim_buf_get_text(run.source, row, col, end_row, end_col, {})
  local function joined(lines)
    local text = table.concat(lines, "\n")
    return text ~= "" and text .. "\n" or ""
  end
  local diff = vim.text.diff or vim.diff -- its name before 0.12
  local new = joined(panels.lines(edit.newText))
  local removed, added = {}, {}
  for _, hunk in ipairs(diff(joined(old), new, { result_type = "indices" })) do
    local from, n_removed, to, n_added = unpack(hunk)
    local first = n_added > 0 and to - 1 or to -- of no lines, the number is of the line before
    if n_removed > 0 then
      local lines = vim.list_slice(old, from, from + n_removed - 1)
      table.insert(removed, { row = first, lines = lines, look = "DiffDelete" })
    end
    for line = first, first + n_added - 1 do
      table.insert(added, line)
    end
  end
  return removed, added
end

---Return whether the buffer is as it was when the task began, and warn if not.
---@param run assist.TaskRun
---@return boolean
local function is_unchanged(run)
  local is_loaded = vim.api.nvim_buf_is_loaded(run.source)
  if is_loaded and vim.api.nvim_buf_get_changedtick(run.source) == run.tick then
    return true
  end
  warn("the file changed meanwhile; copy the answer, or run the task again")
  return false
end

---Close the window, and change the buffer if it is as it was when the task began.
---@param run assist.TaskRun
---@param edit lsp.TextEdit
---@return boolean # whether the buffer was changed, and is the one in the current window
local function use(run, edit)
  if not is_unchanged(run) then
    return false
  end
  run.panel:close()
  vim.lsp.util.apply_text_edits({ edit }, run.source, encoding())
  return vim.api.nvim_get_current_buf() == run.source
end

---Return the edit that writes an answer below its text.
---@param run assist.TaskRun
---@param answer assist.TaskAnswer
---@return lsp.TextEdit
local function insertion(run, answer)
  local row = answer.range["end"].line
  local at = positions.position(run.source, row, #positions.line(run.source, row), encoding())
  return { range = { start = at, ["end"] = at }, newText = "\n" .. answer.code }
end

local start

---Show a complete answer, and what can be done with it.
---@param run assist.TaskRun
---@param answer assist.TaskAnswer
local function finish(run, answer)
  local panel, edit = run.panel, answer.edit ~= vim.NIL and answer.edit or nil
  local note = answer.note ~= "" and answer.note or nil
  panel:map("y", "Copy the answer", function()
    panels.copy(answer.text, "the answer was copied")
  end)
  panel:map("a", "Ask for another answer", function()
    if is_unchanged(run) then -- else its range is about another text
      start(run, true)
    end
  end)
  if edit then
    local removed, added = changes(run, edit)
    if note then
      table.insert(removed, 1, { row = 0, lines = { note, "" }, look = "WarningMsg" })
    end
    panel:show(edit.newText, KEEP, removed)
    for _, line in ipairs(added) do
      vim.api.nvim_buf_set_extmark(panel.buf, namespace, line, 0, { line_hl_group = "DiffAdd" })
    end
    panel:map("<CR>", "Keep", function()
      use(run, edit)
    end)
    return
  end
  vim.api.nvim_buf_clear_namespace(run.source, namespace, 0, -1)
  local footer = USE
  if answer.mayReplace then
    footer = REPLACE .. footer
    panel:map("r", "Replace", function()
      use(run, { range = answer.range, newText = answer.code })
    end)
  end
  if answer.code ~= "" then
    footer = INSERT .. footer
    panel:map("i", "Insert below", function()
      local edit_below = insertion(run, answer)
      if use(run, edit_below) then
        vim.fn.cursor(edit_below.range.start.line + 2, 1)
      end
    end)
  end
  panel:show_markdown(answer.markdown, footer, note)
end

---Ask the server, and show the answer while it is written.
---@param run assist.TaskRun
---@param again boolean whether to ask for another answer than the likeliest
function start(run, again)
  n_started = n_started + 1
  local token, written = ("assist.task/%d"):format(n_started), ""
  local function stop()
    takers[token], run.cancel = nil, nil
    return run.panel:is_open()
  end
  takers[token] = function(value)
    written = (value.restart and "" or written) .. value.text
    if run.panel:is_open() then
      if value.range then
        point_at(run, value.range, value.replaced)
      end
      run.panel:show(written ~= "" and written or WAITING, WRITING)
    end
  end
  vim.api.nvim_buf_clear_namespace(run.panel.buf, namespace, 0, -1)
  run.panel:forget_keys({ "a", "y", "i", "r", "<CR>" })
  run.panel:show(WAITING, WRITING)
  run.tick = vim.api.nvim_buf_get_changedtick(run.source)
  local arguments = vim.list_extend(vim.deepcopy(run.arguments), { again, token })
  vim.api.nvim_buf_call(run.source, function()
    run.cancel = require("assist.client").execute("assist.previewTask", arguments, function(answer)
      if stop() then
        finish(run, answer)
      end
    end, function(err)
      if stop() then
        run.panel:close()
        require("assist.notice").answer_error(err)
      end
    end)
  end)
end

---Run a task on a range of a buffer, in a window that shows the answer.
---@param name string
---@param uri string
---@param range lsp.Range
---@param words? string
function M.run(name, uri, range, words)
  panels.when_normal(function()
    local source = vim.api.nvim_get_current_buf()
    if vim.uri_from_bufnr(source) ~= uri then -- that of a buffer without a name leads nowhere
      source = vim.uri_to_bufnr(uri)
    end
    local title = name:gsub("-", " "):gsub("^%l", string.upper)
    local run = { arguments = { name, uri, range, words or "" }, source = source }
    run.panel = panels.open(title)
    vim.api.nvim_create_autocmd("BufWipeout", {
      buffer = run.panel.buf,
      once = true,
      callback = function()
        pcall(vim.api.nvim_buf_clear_namespace, source, namespace, 0, -1) -- it may be gone
        if run.cancel then
          run.cancel()
        end
      end,
    })
    start(run, false)
  end)
end

return M
