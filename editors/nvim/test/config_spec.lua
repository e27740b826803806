return function(test, same, heard_from)
  ---The messages of a call of setup().
  local function setup(options)
    return heard_from(function()
      require("assist.config").setup(options)
    end)
  end

  local function option(name)
    return require("assist.config").options[name]
  end

  test("without options, the defaults are used", function()
    same(setup(nil), {})
    same(option("with_menu"), "keep")
    same(option("keys").accept, "<Tab>")
  end)

  local USABLE = {
    { cmd = "assist-server" },
    { cmd = { "python", "-m", "assist_server" } },
    { project_venv = true },
    { settings = { model = "m" } },
    { keys = false },
    { keys = { accept = "<C-y>", dismiss = false } },
    { ghost_text = "own" },
    { with_menu = "hide" },
  }
  for _, options in ipairs(USABLE) do
    local name, value = next(options)
    test(("%s may be %s"):format(name, vim.inspect(value)), function()
      same(setup(options), {})
      local found = option(name)
      same(type(value) == "table" and vim.tbl_extend("force", found, value) or value, found)
    end)
  end

  local WRONG = {
    { { colour = "red" }, "there is no option colour; :help assist-options lists them" },
    { { cmd = 1 }, "the option cmd must be a string or a list" },
    { { project_venv = "yes" }, "the option project_venv must be true or false" },
    { { settings = false }, "the option settings must be a table" },
    { { keys = true }, "the option keys must be a table, or false" },
    { { keys = { take = "x" } }, "there is no key take; :help assist-keys lists them" },
    { { ghost_text = "x" }, 'the option ghost_text must be "auto", "builtin" or "own"' },
    { { with_menu = true }, 'the option with_menu must be "keep" or "hide"' },
  }
  for _, case in ipairs(WRONG) do
    local options, message = unpack(case)
    test(("%s is reported and not used"):format(vim.inspect(options)), function()
      local before = vim.deepcopy(require("assist.config").options)
      same(setup(options), { "assist: " .. message })
      same(require("assist.config").options, before)
    end)
  end

  test("the other options are used when one is wrong", function()
    same(#setup({ colour = "red", with_menu = "hide" }), 1)
    same(option("with_menu"), "hide")
  end)

  test("one key is changed without the others", function()
    setup({ keys = { accept = "<C-y>" } })
    same({ option("keys").accept, option("keys").next }, { "<C-y>", "<M-Up>" })
  end)

  test("options of an earlier call are not kept", function()
    setup({ with_menu = "hide" })
    setup({})
    same(option("with_menu"), "keep")
  end)

  test("a client that is there already gets the options", function()
    local n_changes = 0
    package.loaded["assist.client"] = {
      options_changed = function()
        n_changes = n_changes + 1
      end,
    }
    setup({})
    same(n_changes, 1)
  end)
end
