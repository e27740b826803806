---Ghost text for Neovim before 0.12: requests it as the user types, and draws it with an extmark.
local newest = require("assist.ghost_text.newest")
local positions = require("assist.positions")

local M = {}

local DELAY_MS = 50
local namespace = vim.api.nvim_create_namespace("assist.ghost_text")
local timer = assert(vim.uv.new_timer())

vim.api.nvim_set_hl(0, "AssistGhostText", { link = "NonText", default = true })

---@param suggestion assist.Suggestion
---@param rest string
function M.show(suggestion, rest)
  M.hide(suggestion.buf)
  local lines = {}
  for _, line in ipairs(vim.split(rest, "\n", { plain = true })) do
    table.insert(lines, { { line, "AssistGhostText" } })
  end
  local row, col = positions.cursor()
  vim.api.nvim_buf_set_extmark(suggestion.buf, namespace, row, col, {
    virt_text = lines[1],
    virt_lines = #lines > 1 and vim.list_slice(lines, 2) or nil,
    virt_text_pos = suggestion.tail == "" and "inline" or "overlay",
    hl_mode = "combine",
  })
end

---@param buf integer
function M.hide(buf)
  if vim.api.nvim_buf_is_valid(buf) then
    vim.api.nvim_buf_clear_namespace(buf, namespace, 0, -1)
  end
end

---@param client vim.lsp.Client
---@param buf integer
local function ask(client, buf)
  local is_here = vim.api.nvim_get_current_buf() == buf
  if not is_here or not vim.startswith(vim.api.nvim_get_mode().mode, "i") then
    return
  end
  newest.ask_here(client, buf, newest.AUTOMATIC)
end

---@param client vim.lsp.Client
---@param buf integer
function M.attach(client, buf)
  local group = vim.api.nvim_create_augroup("assist.ghost_text:" .. buf, {})
  local function ask_soon()
    timer:start(
      DELAY_MS,
      0,
      vim.schedule_wrap(function()
        ask(client, buf)
      end)
    )
  end
  vim.api.nvim_create_autocmd({ "InsertEnter", "CursorMovedI", "TextChangedI", "TextChangedP" }, {
    group = group,
    buffer = buf,
    callback = ask_soon,
  })
  vim.api.nvim_create_autocmd("InsertLeave", {
    group = group,
    buffer = buf,
    callback = function()
      timer:stop()
      newest.cancel(buf)
    end,
  })
end

---@param buf integer
function M.detach(buf)
  newest.cancel(buf)
  pcall(vim.api.nvim_del_augroup_by_name, "assist.ghost_text:" .. buf)
  M.hide(buf)
end

return M
