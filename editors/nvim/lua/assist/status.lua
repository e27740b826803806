---The state of the server, by its last `assist/status`.
local description = require("assist.description")

local M = {}

local METHODS_AT_WORK = {
  ["textDocument/inlineCompletion"] = true,
  ["workspace/executeCommand"] = true,
}

---@class assist.Status
---@field phase? "loading"|"ready"|"unloaded"|"failed"|"closed"
---@field message? string
---@field percent? integer
---@field is_paused? boolean

local state = {} ---@type assist.Status
local is_paused = false
local is_in_statusline = false

---Show the progress of loading as a message, unless a status line shows it.
local function show_loading(message, percent)
  local mode = vim.api.nvim_get_mode()
  if is_in_statusline or mode.blocking or mode.mode:find("^[cr]") then
    return -- not needed, or it would overwrite what the user types there
  end
  local line = message == "" and "" or description.loading(message, percent)
  vim.api.nvim_echo({ { vim.fn.strcharpart(line, 0, vim.o.columns - 15) } }, false, {})
end

local function redraw()
  vim.cmd.redrawstatus({ bang = true })
end

local function become(new_state)
  state = new_state
  vim.api.nvim_exec_autocmds("User", { pattern = "AssistStatus", data = M.current() })
  redraw()
end

---Handle `assist/status`.
function M.take(_, params)
  local was_loading = state.phase == "loading"
  local percent = type(params.percent) == "number" and math.floor(params.percent) or nil
  become({ phase = params.phase, message = params.message, percent = percent })
  if params.phase == "loading" then
    show_loading(params.message, percent)
  elseif was_loading then
    show_loading("")
  end
  if params.phase == "failed" then
    require("assist.notice").once(params.message)
  elseif params.phase == "ready" and was_loading then
    require("assist.suggestion").ask_again()
  end
end

---@param message string
function M.fail(message)
  become({ phase = "failed", message = message })
end

function M.forget()
  is_paused = false
  become({})
end

---@return assist.Status
function M.current()
  return vim.tbl_extend("error", state, { is_paused = is_paused })
end

---@param client vim.lsp.Client
local function is_answering(client)
  for _, request in pairs(client.requests) do
    if request.type == "pending" and METHODS_AT_WORK[request.method] then
      return true
    end
  end
  return false
end

---@return string
function M.statusline()
  is_in_statusline = true
  local client = require("assist.client").get()
  local is_working = client ~= nil and is_answering(client)
  local label = description.label(M.current(), client ~= nil, is_working)
  return label == "" and "" or "assist: " .. label
end

---Redraw when work begins and ends.
function M.watch(group)
  vim.api.nvim_create_autocmd("LspRequest", {
    group = group,
    callback = function(event)
      if METHODS_AT_WORK[event.data.request.method] then
        vim.schedule(redraw) -- Neovim stores the request after this event
      end
    end,
  })
end

---Pause or resume completions, by a setting of the server, so that menus follow.
---@param wanted boolean
function M.pause(wanted)
  local settings = vim.deepcopy(require("assist.config").options.settings)
  if wanted then
    settings.completion = vim.tbl_extend("force", settings.completion or {}, { enabled = false })
  end
  is_paused = wanted
  require("assist.suggestion").clear()
  require("assist.client").send_settings(next(settings) and settings or vim.empty_dict())
  redraw()
end

return M
