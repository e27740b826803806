---How often the server is started again after it has ended unexpectedly.
local M = {}

local MOST_RESTARTS, WITHIN_MS = 3, 180000
local restarts_ms = {} ---@type number[]

---Count a restart, unless there were too many lately.
---@param now_ms number
---@return boolean # whether to start the server again
function M.count(now_ms)
  restarts_ms = vim.tbl_filter(function(at)
    return now_ms - at < WITHIN_MS
  end, restarts_ms)
  if #restarts_ms >= MOST_RESTARTS then
    return false
  end
  table.insert(restarts_ms, now_ms)
  return true
end

---Forget the earlier restarts.
function M.forget()
  restarts_ms = {}
end

return M
