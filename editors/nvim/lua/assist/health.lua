---`:checkhealth assist`.
local M = {}

local DOCTOR_PATIENCE_MS = 120000

local function check_neovim()
  local version = tostring(vim.version())
  local has_builtin = vim.lsp.inline_completion ~= nil
  local wanted = require("assist.config").options.ghost_text
  if wanted == "builtin" and not has_builtin then
    vim.health.warn('ghost_text = "builtin" needs Neovim 0.12; this plugin draws the text itself')
  end
  local who = has_builtin and wanted ~= "own" and "Neovim itself" or "this plugin"
  vim.health.ok(("Neovim %s; ghost text is drawn by %s"):format(version, who))
end

local function check_client()
  local client, status = require("assist.client").get(), require("assist.status").current()
  if not client then
    vim.health.info("no server is running; it starts with the first file that is opened")
  elseif status.phase == "failed" then
    vim.health.error(("the model could not be loaded: %s"):format(status.message))
  else
    local count = vim.tbl_count(client.attached_buffers)
    local phase = status.phase or "starting"
    vim.health.ok(("the server is %s and serves %d buffers"):format(phase, count))
  end
end

---Report the open files that are not served, each with the reason.
local function check_buffers()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].buflisted then
      local is_served, reason = require("assist.client").serves(buf)
      local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ":t")
      if not is_served then
        vim.health.info(
          ("buffer %d (%s): %s"):format(buf, name ~= "" and name or "no name", reason)
        )
      end
    end
  end
end

---@param text string
local function report_findings(text)
  local is_json, findings = pcall(vim.json.decode, text)
  if not is_json then
    return false
  end
  local reports = { ok = vim.health.ok, warning = vim.health.warn, error = vim.health.error }
  for _, finding in ipairs(findings) do
    local report = reports[finding.verdict] or vim.health.info
    report(("%s: %s"):format(finding.name, finding.detail))
  end
  return true
end

local function check_server()
  local root = vim.fs.root(0, ".git")
  local command, problem = require("assist.server").find(root)
  if not command then
    return vim.health.error(problem)
  end
  local asked = require("assist.server").doctor(command)
  vim.health.info(table.concat(asked, " "))
  local answer = vim.system(asked, { text = true, timeout = DOCTOR_PATIENCE_MS }):wait()
  if not report_findings(answer.stdout or "") then
    local last_words = vim.trim(answer.stderr or ""):match("[^\n]*$")
    vim.health.error(("the server's command failed (exit code %d)"):format(answer.code), last_words)
  end
end

function M.check()
  vim.health.start("assist: editor")
  check_neovim()
  check_client()
  check_buffers()
  vim.health.start("assist: server")
  check_server()
end

return M
