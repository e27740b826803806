---The options of this plugin. The server's own settings are passed through `settings` unchanged:
---their names and defaults are not repeated here.
local M = {}

---@class assist.Keys
---@field accept? string|false the whole ghost text
---@field accept_word? string|false its next word
---@field accept_line? string|false its next line
---@field next? string|false the next completion
---@field previous? string|false the previous completion
---@field dismiss? string|false no ghost text until the next change

---@class assist.Options
---@field cmd? string|string[] the server's program, or its whole command; found on PATH if not set
---@field share_server? boolean whether all windows use one server
---@field project_venv? boolean whether the server may be taken from the project's own .venv
---@field settings? table settings of the server, passed through unchanged
---@field keys? assist.Keys|false keys in insert mode; false for none at all
---@field ghost_text? "auto"|"builtin"|"own" who draws it; "auto": Neovim itself where it can
---@field with_menu? "keep"|"hide" what happens to ghost text while a completion menu is open

---@type assist.Options
local defaults = {
  share_server = true,
  project_venv = false,
  settings = {},
  keys = {
    accept = "<Tab>",
    accept_word = "<M-Right>",
    accept_line = "<M-Down>",
    next = "<M-Up>",
    previous = "<M-Left>",
    dismiss = "<C-]>",
  },
  ghost_text = "auto",
  with_menu = "keep",
}

local allowed = {
  cmd = { "a string or a list", { string = true, table = true } },
  share_server = { "true or false", { boolean = true } },
  project_venv = { "true or false", { boolean = true } },
  settings = { "a table", { table = true } },
  keys = { "a table, or false", { table = true, [false] = true } },
  ghost_text = { '"auto", "builtin" or "own"', { auto = true, builtin = true, own = true } },
  with_menu = { '"keep" or "hide"', { keep = true, hide = true } },
}

M.options = vim.deepcopy(defaults)

---@param name string
---@param value any
---@return string? problem
local function problem_with(name, value)
  local rule = allowed[name]
  if not rule then
    return ("there is no option %s; :help assist-options lists them"):format(name)
  end
  if not (rule[2][type(value)] or rule[2][value]) then
    return ("the option %s must be %s"):format(name, rule[1])
  end
end

---@param keys table
---@return string? problem
local function problem_with_keys(keys)
  for name in pairs(keys) do
    if defaults.keys[name] == nil then
      return ("there is no key %s; :help assist-keys lists them"):format(name)
    end
  end
end

---@param options? assist.Options
function M.setup(options)
  local usable = {}
  for name, value in pairs(options or {}) do
    local problem = problem_with(name, value)
      or (name == "keys" and value and problem_with_keys(value))
    if problem then
      require("assist.notice").once(problem)
    else
      usable[name] = value
    end
  end
  M.options = vim.tbl_deep_extend("force", defaults, usable)
  local client = package.loaded["assist.client"]
  if client then
    client.options_changed()
  end
end

return M
