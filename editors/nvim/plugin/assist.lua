if vim.g.loaded_assist then
  return
end
vim.g.loaded_assist = true

if vim.fn.has("nvim-0.10") == 0 then
  vim.notify("assist: Neovim 0.10 or newer is needed", vim.log.levels.ERROR)
  return
end

vim.api.nvim_create_user_command("Assist", function(call)
  require("assist.commands").run(call)
end, {
  nargs = "*",
  range = true,
  desc = "Documentation, summaries, tasks, and the state of assist-server",
  complete = function(typed, line, col)
    return require("assist.commands").complete(typed, line:sub(1, col))
  end,
})

-- Everything else is loaded with the first file, and after the start-up: Neovim's own LSP client
-- alone takes longer to load than this plugin may.
local function start()
  vim.schedule(function()
    require("assist.client").start()
  end)
end

local has_begun = vim.v.vim_did_enter == 1
vim.api.nvim_create_autocmd("FileType", {
  group = vim.api.nvim_create_augroup("assist.start", {}),
  once = true,
  desc = "Start the client of assist-server with the first file",
  callback = function()
    if vim.v.vim_did_enter == 1 then
      return start()
    end
    vim.api.nvim_create_autocmd("VimEnter", { once = true, callback = start })
  end,
})
if has_begun then -- loaded late, by a plugin manager: files may be open already
  start()
end
