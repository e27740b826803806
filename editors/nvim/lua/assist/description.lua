---The state of the server and its model in words.
local M = {}

local LABELS = { ready = "ready", unloaded = "unloaded", failed = "error", closed = "" }

---Return the label for the status line, in the format of 'statusline'; empty if there is none.
---@param status assist.Status
---@param is_running boolean whether there is a server
---@param is_working boolean whether it is answering a request
---@return string
function M.label(status, is_running, is_working)
  local phase = status.phase
  if phase == "failed" or not is_running then
    return LABELS[phase] or ""
  elseif status.is_paused then
    return "paused"
  elseif phase == "ready" and is_working then
    return "working"
  elseif phase == "loading" and status.percent then
    return ("loading %d%%%%"):format(status.percent) -- 'statusline' needs the sign twice
  end
  return LABELS[phase] or "loading"
end

---Return the message that shows the progress of loading, in one line.
---@param message string what is being loaded
---@param percent? integer
---@return string
function M.loading(message, percent)
  local part = percent and (" %d%%"):format(percent) or ""
  return (("assist: loading%s (%s)"):format(part, message):gsub("%s+", " "))
end

---Return the answer to `:Assist status`.
---@param result table the result of the server's `assist.status`
---@param is_paused boolean
---@return string
function M.model(result, is_paused)
  local has_device = result.device and result.device ~= vim.NIL
  local where = has_device and (" on %s (%s)"):format(result.device, result.dtype) or ""
  local doing = is_paused and "paused" or result.phase
  local has_detail = result.phase ~= "ready" and result.message ~= ""
  local detail = has_detail and (": " .. result.message) or ""
  local has_text_model = result.text_model and result.text_model ~= vim.NIL
  local text = has_text_model and ("; summaries and tasks: %s"):format(result.text_model) or ""
  return ("%s%s, %s%s%s"):format(result.model, where, doing, detail, text)
end

---Return how the server's process ended.
---@param code integer
---@param signal integer
---@return string
function M.ended(code, signal)
  local how = signal ~= 0 and ("signal %d"):format(signal) or ("exit code %d"):format(code)
  return ("the server stopped (%s)"):format(how)
end

return M
