---Completion menus: Neovim's own, and those of blink.cmp and nvim-cmp where they are loaded.
local M = {}

---@return boolean
function M.is_visible()
  if vim.fn.pumvisible() == 1 then
    return true
  end
  local blink, cmp = package.loaded["blink.cmp"], package.loaded["cmp"]
  if blink and blink.is_menu_visible and blink.is_menu_visible() then
    return true
  end
  return cmp ~= nil and cmp.visible ~= nil and cmp.visible() == true
end

local is_watching_cmp = false

---Watch the menu of nvim-cmp, which reports it to callbacks and not by autocommands.
---@param callback fun()
function M.watch_cmp(callback)
  local cmp = package.loaded["cmp"]
  if cmp and cmp.event and not is_watching_cmp then
    is_watching_cmp = true
    cmp.event:on("menu_opened", vim.schedule_wrap(callback))
    cmp.event:on("menu_closed", vim.schedule_wrap(callback))
  end
end

return M
