return function(test, same)
  local NOT_FOUND = "assist-server was not found; install it, or set its path with "
    .. 'require("assist").setup({ cmd = ... })'

  ---A folder with a program in it.
  local function folder_with(path)
    local folder = vim.fn.tempname()
    local program = vim.fs.joinpath(folder, path)
    vim.fn.mkdir(vim.fs.dirname(program), "p")
    vim.fn.writefile({ "#!/bin/sh" }, program)
    vim.uv.fs_chmod(program, 493) -- rwxr-xr-x
    return folder, program
  end

  ---What is found with options and a PATH.
  local function find(options, path, root)
    local server, before = require("assist.server"), vim.env.PATH
    require("assist.config").setup(options)
    vim.env.PATH = path
    local command, problem = server.find(root)
    vim.env.PATH = before
    return { command or false, problem }
  end

  test("the option cmd comes before PATH, as a string or a list", function()
    local folder = folder_with("assist-server")
    local _, other = folder_with("other")
    same(find({ cmd = other }, folder), { { other, "connect" } })
    same(find({ cmd = { other, "serve" } }, folder), { { other, "serve" } })
    same(find({}, folder), { { "assist-server", "connect" } })
  end)

  test("a window may have a server of its own", function()
    local folder, program = folder_with("assist-server")
    same(find({ share_server = false }, folder), { { "assist-server" } })
    same(find({ share_server = false, cmd = program }, folder), { { program } })
  end)

  test("a variable in the option cmd is expanded", function()
    vim.env.ASSIST_SPEC_FOLDER = folder_with("assist-server")
    local program = vim.env.ASSIST_SPEC_FOLDER .. "/assist-server"
    same(find({ cmd = { "$ASSIST_SPEC_FOLDER/assist-server" } }, ""), { { program } })
  end)

  test("a command that cannot be run is a problem, and PATH does not help", function()
    local folder = folder_with("assist-server")
    local problem = "/nowhere/x cannot be run; correct the option cmd, or remove it"
    same(find({ cmd = "/nowhere/x" }, folder), { false, problem })
  end)

  test("a project's own environment is used only when allowed, and after PATH", function()
    local root, program = folder_with(".venv/bin/assist-server")
    same(find({ project_venv = false }, "", root), { false, NOT_FOUND })
    same(find({ project_venv = true }, "", root), { { program, "connect" } })
    local folder = folder_with("assist-server")
    same(find({ project_venv = true }, folder, root), { { "assist-server", "connect" } })
  end)

  test("without a program, the problem names what to do", function()
    same(find({}, "", "/nowhere"), { false, NOT_FOUND })
    same(find({ project_venv = true }, "", nil), { false, NOT_FOUND })
  end)

  test("doctor is run by the same program, for the same model", function()
    local doctor = require("assist.server").doctor
    same(doctor({ "assist-server", "connect" }), { "assist-server", "doctor", "--json" })
    local python = { "python", "-m", "assist_server" }
    local expected = { "python", "-m", "assist_server", "doctor", "--json" }
    same(doctor(vim.list_extend(vim.deepcopy(python), { "serve", "--stdio" })), expected)
    same(doctor(vim.list_extend(vim.deepcopy(python), { "--stdio" })), expected)
    require("assist.config").options.settings = { model = "m" }
    same(doctor({ "a" }), { "a", "doctor", "--json", "--model", "m" })
  end)
end
