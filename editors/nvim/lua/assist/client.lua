---The LSP client: its start, its restart after the server has ended, and its requests.
local M = {}

local NAME = "assist"
local ROOT_MARKERS = { ".assist.toml", "pyproject.toml", ".git" }
local RESTART_DELAY_MS = 300
local STOP_PATIENCE_MS = 2000

local has_configs = vim.fn.has("nvim-0.11") == 1
local group = vim.api.nvim_create_augroup("assist.client", {})

---@class assist.ServerLife
---@field command? string[] what the server was started with
---@field is_running boolean whether there is a process; Neovim may not know it as a client yet
---@field was_ready boolean whether it ever answered
---@field is_outdated boolean whether another start was wanted before it answered
---@field wants_restart boolean whether to start it again once it has ended
local life = { is_running = false, was_ready = false, is_outdated = false, wants_restart = false }

---@return vim.lsp.Client?
function M.get()
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME })) do
    if not client.rpc.is_closing() then
      return client
    end
  end
end

---Return the encoding by which the server counts characters.
---@return string
function M.encoding()
  local client = M.get()
  return client and client.offset_encoding or "utf-8"
end

---Send a request. Neovim 0.10 has functions here, newer versions have methods.
---@return integer? id
function M.request(client, method, params, handler, buf)
  local sent, id
  if has_configs then
    sent, id = client:request(method, params, handler, buf)
  else
    sent, id = client.request(method, params, handler, buf)
  end
  return sent and id or nil
end

---Send a request and wait for its result; nil if there is none in time.
local function request_sync(client, method, params, wait_ms, buf)
  local answer
  if has_configs then
    answer = client:request_sync(method, params, wait_ms, buf)
  else
    answer = client.request_sync(method, params, wait_ms, buf)
  end
  return answer and answer.result
end

function M.cancel(client, id)
  if has_configs then
    client:cancel_request(id)
  else
    client.cancel_request(id)
  end
end

local function notify(client, method, params)
  if has_configs then
    client:notify(method, params)
  else
    client.notify(method, params)
  end
end

local function stop(client, force)
  if has_configs then
    client:stop(force)
  else
    client.stop(force)
  end
end

---Return whether to start the server again: one that never answered would fail again.
local function may_restart()
  return life.was_ready and require("assist.restarts").count(vim.uv.now())
end

---Handle the end of the process.
local function ended(code, signal)
  life.is_running = false
  local is_clean = code == 0 and (signal == 0 or signal == 15)
  require("assist.suggestion").clear()
  require("assist.status").forget()
  if (is_clean and not life.wants_restart) or vim.v.exiting ~= vim.NIL then
    return
  end
  if life.wants_restart or may_restart() then
    -- Neovim has not detached from the old client yet.
    return vim.defer_fn(M.start, RESTART_DELAY_MS)
  end
  local what = require("assist.description").ended(code, signal)
  require("assist.status").fail(what)
  local remedy = "see :checkhealth assist for the cause; :Assist restart starts it again"
  require("assist.notice").once(("%s; %s"):format(what, remedy))
end

---Start the process; this is the client's `cmd`. Its end is handled here and hidden from Neovim,
---whose own message about it names no remedy.
local function launch(dispatchers)
  life.was_ready, life.is_outdated, life.wants_restart = false, false, false
  local on_exit = dispatchers.on_exit
  dispatchers = vim.tbl_extend("force", dispatchers, {
    on_exit = function(code, signal)
      vim.schedule(function()
        ended(code, signal)
      end)
      on_exit(0, 0)
    end,
  })
  local rpc = require("assist.log").start(life.command, dispatchers)
  life.is_running = true
  return rpc
end

---Return whether the user has set another command with `vim.lsp.config`.
local function has_foreign_command()
  local config = has_configs and vim.lsp.config[NAME]
  return config and config.cmd ~= launch
end

---Call `use_root` with the project of a buffer. If no server is found, show that and do nothing.
local function find_root(buf, use_root)
  local root = vim.fs.root(buf, ROOT_MARKERS)
  if not M.get() and not has_foreign_command() then
    local command, problem = require("assist.server").find(root)
    if problem then
      require("assist.status").fail(problem)
      return require("assist.notice").once(problem)
    end
    life.command = command
  end
  use_root(root)
end

---Show a summary in its own window; this is the client's `assist.showSummary`.
local function show_summary(command, context)
  local uri, range = unpack(command.arguments)
  require("assist.summary").show(context.bufnr or vim.uri_to_bufnr(uri), range)
end

---Run a task, and show its answer in a window; this is the client's `assist.showTask`.
local function show_task(command)
  require("assist.tasks").run(unpack(command.arguments))
end

---@return vim.lsp.Config
function M.config()
  local settings = require("assist.config").options.settings
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.experimental = { assistStatus = true }
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  local edits = { documentChanges = true, snippetEditSupport = true }
  capabilities.workspace.workspaceEdit =
    vim.tbl_extend("force", capabilities.workspace.workspaceEdit, edits)
  -- Neovim would ask for each annotated edit without showing any.
  capabilities.workspace.workspaceEdit.changeAnnotationSupport = nil
  return {
    name = NAME,
    cmd = launch,
    root_dir = find_root,
    capabilities = capabilities,
    init_options = next(settings) and settings or nil,
    settings = { assist = next(settings) and settings or nil },
    handlers = {
      ["assist/status"] = require("assist.status").take,
      ["$/progress"] = require("assist.tasks").progress,
      ["window/showMessage"] = require("assist.notice").from_server,
      ["workspace/applyEdit"] = require("assist.tab_stops").apply,
    },
    commands = { ["assist.showSummary"] = show_summary, ["assist.showTask"] = show_task },
    get_language_id = function(_, filetype)
      return filetype ~= "" and filetype or "plaintext"
    end,
    -- One server, with one model in memory, serves all buffers.
    reuse_client = function(client, config)
      return client.name == config.name and not client.rpc.is_closing()
    end,
  }
end

---@param buf integer
local function serve(buf)
  find_root(buf, function(root)
    local config = has_configs and vim.deepcopy(vim.lsp.config[NAME]) or M.config()
    config.root_dir = root
    vim.lsp.start(config, { bufnr = buf, reuse_client = config.reuse_client })
  end)
end

---@param buf integer
local function start_in(buf)
  if vim.bo[buf].buftype == "" and vim.bo[buf].filetype ~= "" then
    serve(buf)
  end
end

local function start_everywhere()
  vim.api.nvim_create_autocmd("FileType", {
    group = group,
    callback = function(event)
      start_in(event.buf)
    end,
  })
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) then
      start_in(buf)
    end
  end
end

local function attached(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if client and client.name == NAME then
    life.was_ready = true
    require("assist.suggestion").attach(client, event.buf)
    require("assist.keys").attach(event.buf)
    if life.is_outdated then
      life.is_outdated = false
      M.restart()
    end
  end
end

local function detached(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if client and client.name == NAME then
    require("assist.suggestion").detach(event.buf)
    require("assist.keys").detach(event.buf)
  end
end

---Start the server for all files: those that are open, and those opened later.
function M.start()
  vim.api.nvim_clear_autocmds({ group = group })
  vim.api.nvim_create_autocmd("LspAttach", { group = group, callback = attached })
  vim.api.nvim_create_autocmd("LspDetach", { group = group, callback = detached })
  require("assist.status").watch(group)
  if has_configs then
    vim.lsp.enable(NAME)
  else
    start_everywhere()
  end
end

---End the server and start it again, with the current options and files.
function M.restart()
  require("assist.restarts").forget()
  local client = M.get()
  if not client then
    life.is_outdated = life.is_running
    return M.start()
  end
  life.wants_restart = true
  stop(client)
  vim.defer_fn(function()
    if not client.rpc.is_closing() then
      stop(client, true)
    end
  end, STOP_PATIENCE_MS)
end

---Apply options that were set after the client was started.
function M.options_changed()
  if has_configs then
    vim.lsp.config(NAME, M.config())
  end
  if M.get() or life.is_running then
    M.restart()
  end
end

---Send the server other settings than those it was started with.
---@param settings table
function M.send_settings(settings)
  local client = M.get()
  if client then
    client.settings.assist = settings -- the answer to workspace/configuration
    notify(client, "workspace/didChangeConfiguration", { settings = { assist = settings } })
  end
end

---Return whether a buffer is served, and why not.
---@param buf integer
---@return boolean is_served
---@return string? reason
function M.serves(buf)
  local client = M.get()
  if client and vim.lsp.buf_is_attached(buf, client.id) then
    return true
  elseif vim.bo[buf].buftype ~= "" then
    return false, ("a buffer of type %s is not a file"):format(vim.bo[buf].buftype)
  elseif vim.bo[buf].filetype == "" then
    return false, "it has no filetype; the first :Assist command in it starts serving it"
  end
  return false, "the server is not running; :Assist restart starts it"
end

---Serve a buffer in which the user runs a command, whatever its filetype, then go on.
---@param buf integer
---@param go_on fun()
local function serve_on_demand(buf, go_on)
  if vim.bo[buf].buftype ~= "" then
    local _, reason = M.serves(buf)
    return require("assist.notice").answer(reason, vim.log.levels.WARN)
  end
  local _, problem = require("assist.server").find(vim.fs.root(buf, ROOT_MARKERS))
  if problem and not M.get() and not has_foreign_command() then
    return require("assist.notice").answer(problem, vim.log.levels.ERROR)
  end
  if #vim.api.nvim_get_autocmds({ group = group }) == 0 then
    M.start()
  end
  vim.api.nvim_create_autocmd("LspAttach", {
    buffer = buf,
    callback = function(event)
      if vim.lsp.get_client_by_id(event.data.client_id).name == NAME then
        vim.schedule(go_on)
        return true
      end
    end,
  })
  serve(buf)
end

---Run one of the server's commands, and show the user any error.
---@param command string
---@param arguments any[]
---@param take? fun(result: any)
---@param take_error? fun(err: lsp.ResponseError) is called instead of showing it
---@return fun() cancel
function M.execute(command, arguments, take, take_error)
  local buf = vim.api.nvim_get_current_buf()
  local is_about_file = #arguments > 0
  if is_about_file and not M.serves(buf) then
    local cancel = function() end
    serve_on_demand(buf, function()
      cancel = M.execute(command, arguments, take, take_error)
    end)
    return function()
      cancel()
    end
  end
  local client = assert(M.get())
  local params = { command = command, arguments = arguments }
  local id = M.request(client, "workspace/executeCommand", params, function(err, result)
    if err then
      (take_error or require("assist.notice").answer_error)(err)
    elseif take then
      take(result)
    end
  end, buf)
  return function()
    M.cancel(client, id)
  end
end

---Run one of the server's commands that answers at once; nil without a server, and after an error.
---@param command string
---@param arguments any[]
---@param wait_ms integer
---@return any
function M.execute_sync(command, arguments, wait_ms)
  local client = M.get()
  local params = { command = command, arguments = arguments }
  return client
    and request_sync(
      client,
      "workspace/executeCommand",
      params,
      wait_ms,
      vim.api.nvim_get_current_buf()
    )
end

return M
