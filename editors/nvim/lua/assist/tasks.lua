---Tasks for a chat model: their names, and what becomes of an answer.
local M = {}

local NAMES_WAIT_MS = 500
local KEYS = " q close · y copy "

---Return the names of all tasks; none if the server does not answer soon.
---@return string[]
function M.names()
  local listed = require("assist.client").execute_sync("assist.tasks", {}, NAMES_WAIT_MS)
  return vim.tbl_map(function(task)
    return task.name
  end, listed and listed.tasks or {})
end

---Show an answer that was not applied, and why.
---@param answer { title: string, text: string, markdown: string, applied: boolean, note: string }
function M.take(answer)
  if answer.note ~= "" then
    require("assist.notice").answer(answer.note, vim.log.levels.WARN)
  end
  if answer.applied then
    return
  end
  local summary = require("assist.summary")
  summary.open(answer.title, answer.markdown, KEYS, function(buf)
    vim.keymap.set("n", "y", function()
      summary.copy(answer.text, "the answer was copied")
    end, { buffer = buf, nowait = true, desc = "Copy the answer" })
  end)
end

---Run a task on a range of a buffer; the server has the edit applied.
---@param name string
---@param uri string
---@param range lsp.Range
---@param words? string
function M.run(name, uri, range, words)
  require("assist.client").execute("assist.task", { name, uri, range, words or "" }, M.take)
end

return M
