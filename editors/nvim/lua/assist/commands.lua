---The command `:Assist` and its verbs.
local M = {}

local verbs = {} ---@type table<string, fun(call: vim.api.keyset.create_user_command.command_args)>

function verbs.document(call)
  if call.fargs[2] == "all" then
    local uri = vim.uri_from_bufnr(0)
    return require("assist.client").execute("assist.documentAll", { uri }, function(found)
      local said = "documented %d definitions; %d placeholders are left to you"
      require("assist.notice").answer(said:format(#found.documented, found.placeholders))
    end)
  end
  local client, positions = require("assist.client"), require("assist.positions")
  local row, col = positions.cursor()
  local position = positions.position(0, row, col, client.encoding())
  client.execute("assist.document", { vim.uri_from_bufnr(0), position })
end

function verbs.summarize(call)
  local summary = require("assist.summary")
  local first, last = 1, vim.api.nvim_buf_line_count(0)
  if call.range > 0 then
    first, last = call.line1, call.line2
  end
  local buf = vim.api.nvim_get_current_buf()
  summary.show(buf, summary.range_of_lines(buf, first, last))
end

---Run a task: its name, then words for those that need them.
function verbs.task(call)
  local name = call.fargs[2]
  if not name then
    local advice = "name a task, such as :Assist task explain; <Tab> completes the names"
    return require("assist.notice").answer(advice, vim.log.levels.WARN)
  end
  local positions = require("assist.positions")
  local range
  if call.range > 0 then
    range = require("assist.summary").range_of_lines(0, call.line1, call.line2)
  else
    local row, col = positions.cursor()
    local position = positions.position(0, row, col, require("assist.client").encoding())
    range = { start = position, ["end"] = position }
  end
  local words = table.concat(vim.list_slice(call.fargs, 3), " ")
  require("assist.tasks").run(name, vim.uri_from_bufnr(0), range, words)
end

function verbs.why()
  local filetype = vim.bo.filetype
  require("assist.client").execute("assist.why", { vim.uri_from_bufnr(0) }, function(records)
    if #records == 0 then
      return require("assist.notice").answer("there were no requests in this file yet")
    end
    local page = require("assist.answers").render(records, filetype)
    local panels = require("assist.panel")
    panels.when_normal(function()
      panels.open("The last answers, newest first"):show_markdown(page, " q close ")
    end)
  end)
end

function verbs.pause()
  require("assist.status").pause(true)
end

function verbs.resume()
  require("assist.status").pause(false)
end

function verbs.status()
  local status = require("assist.status").current()
  if not require("assist.client").get() then
    local reason = status.message or "the server is not running"
    return require("assist.notice").answer(reason .. "; see :checkhealth assist")
  end
  require("assist.client").execute("assist.status", {}, function(now)
    local sentence = require("assist.description").model(now, status.is_paused)
    require("assist.notice").answer(sentence)
  end)
end

function verbs.restart()
  require("assist.client").restart()
end

function verbs.log()
  vim.cmd.tabedit(vim.fn.fnameescape(require("assist.log").path()))
  vim.cmd("normal! G")
end

local function document_words()
  return { "all" }
end

---Return verbs, or what may follow the verbs `task` and `document`, that begin with what was typed.
---@param typed string
---@param line? string the command line up to the cursor
---@return string[]
function M.complete(typed, line)
  local before = vim.split((line or ""):match("Assist!?%s+(.*)$") or "", "%s+")
  local known = #before < 2 and vim.tbl_keys(verbs) or {}
  if #before == 2 then
    local names = { task = require("assist.tasks").names, document = document_words }
    known = names[before[1]] and names[before[1]]() or {}
  end
  local found = vim.tbl_filter(function(name)
    return vim.startswith(name, typed)
  end, known)
  table.sort(found)
  return found
end

---@param call vim.api.keyset.create_user_command.command_args
function M.run(call)
  local name = call.fargs[1] or "status"
  local verb = verbs[name]
  local is_all = name == "document" and #call.fargs == 2 and call.fargs[2] == "all"
  if verb and (#call.fargs < 2 or name == "task" or is_all) then
    return verb(call)
  end
  local known = table.concat(M.complete(""), ", ")
  local advice = ("there is no :Assist %s; the verbs are %s"):format(call.args, known)
  require("assist.notice").answer(advice, vim.log.levels.ERROR)
end

return M
