return function(test, same, heard_from)
  local CURSOR = { line = 4, character = 2 }

  ---A client that keeps the commands that it is asked to run, and answers lists of tasks.
  local function begin()
    local ran = {}
    package.loaded["assist.client"] = {
      encoding = function()
        return "utf-8"
      end,
      execute = function(command, arguments, take, take_error)
        table.insert(ran, { command, arguments, take, take_error })
        return function()
          ran.n_cancelled = (ran.n_cancelled or 0) + 1
        end
      end,
      execute_sync = function(command)
        return command == "assist.tasks" and { tasks = { { name = "fix" }, { name = "formal" } } }
      end,
    }
    vim.cmd("silent! only | enew!")
    vim.api.nvim_buf_set_lines(0, 0, -1, false, { "one", "two", "", "", "  three" })
    vim.api.nvim_win_set_cursor(0, { 5, 2 })
    return ran
  end

  local function call(args, range)
    local fargs = vim.split(args, " ")
    local lines =
      { range = range and 2 or 0, line1 = range and range[1], line2 = range and range[2] }
    require("assist.commands").run(vim.tbl_extend("force", { args = args, fargs = fargs }, lines))
  end

  test("a task is run at the cursor, with its words", function()
    local ran = begin()
    call("task rewrite with fewer words")
    local command, arguments = ran[1][1], ran[1][2]
    same(command, "assist.previewTask")
    same({ arguments[1], arguments[4] }, { "rewrite", "with fewer words" })
    same(arguments[3], { start = CURSOR, ["end"] = CURSOR })
  end)

  test("a task is run on the lines that are given", function()
    local ran = begin()
    call("task fix", { 1, 2 })
    local lines = { start = { line = 0, character = 0 }, ["end"] = { line = 1, character = 3 } }
    same({ ran[1][2][3], ran[1][2][4] }, { lines, "" })
  end)

  test("a task without a name is advice", function()
    local ran = begin()
    local said = heard_from(function()
      call("task")
    end)
    same({ #ran, said[1]:match("name a task") }, { 0, "name a task" })
  end)

  test("verbs and names of tasks are completed", function()
    begin()
    local complete = require("assist.commands").complete
    same(complete("ta", "Assist ta"), { "task" })
    same(complete("fo", "'<,'>Assist task fo"), { "formal" })
    same(complete("", "Assist task "), { "fix", "formal" })
    same(complete("f", "Assist task rewrite f"), {})
    same(complete("", "Assist document "), { "all" })
    same(complete("f", "Assist document f"), {})
  end)

  test("other verbs take no words", function()
    begin()
    local said = heard_from(function()
      call("status now")
    end)
    same(said[1]:match("there is no :Assist status now"), "there is no :Assist status now")
  end)

  local ABOUT = { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 3 } }
  local ANSWER = {
    text = "x",
    code = "x",
    mayReplace = true,
    markdown = "```\nx\n```",
    range = ABOUT,
    note = "",
  }

  ---Return what is drawn between the lines of the window: the lines, from 0, and the texts.
  local function remarks()
    local all = vim.api.nvim_get_namespaces()["assist.panel"]
    local marks = vim.api.nvim_buf_get_extmarks(0, all, 0, -1, { details = true })
    return vim.tbl_map(function(mark)
      local lines = vim.tbl_map(function(chunks)
        return chunks[1][1]
      end, mark[4].virt_lines)
      return { mark[2], vim.trim(table.concat(lines, "|")) }
    end, marks)
  end

  ---Start a task.
  ---@return table ran, fun(): string[] shown, fun(key: string), integer source
  local function started()
    local ran, source = begin(), vim.api.nvim_get_current_buf()
    call("task fix")
    local panel = vim.api.nvim_get_current_buf()
    local function shown()
      return vim.api.nvim_buf_is_valid(panel) and vim.api.nvim_buf_get_lines(panel, 0, -1, false)
    end
    local function press(key)
      vim.fn.maparg(key, "n", false, true).callback()
    end
    return ran, shown, press, source
  end

  local function send(ran, value)
    require("assist.tasks").progress(nil, { token = ran[1][2][6], value = value }, {})
  end

  test("an answer is shown while it is written, and may start anew", function()
    local ran, shown = started()
    same(shown(), { "…" })
    send(ran, { text = "Here", range = ABOUT, replaced = ABOUT })
    send(ran, { text = ": it" })
    same(shown(), { "Here: it" })
    send(ran, { text = "x", restart = true })
    same(shown(), { "x" })
  end)

  test("an edit is applied when it is kept", function()
    local ran, shown, press, source = started()
    local edit = { range = ABOUT, newText = "1\n2" }
    ran[1][3](vim.tbl_extend("force", ANSWER, { edit = edit }))
    same(shown(), { "1", "2" })
    press("<CR>")
    same(shown(), false)
    same(vim.api.nvim_buf_get_lines(source, 0, 3, false), { "1", "2", "two" })
    same(ran.n_cancelled, nil)
  end)

  test("the lines that an edit removes are shown where they were", function()
    local all = { start = { line = 0, character = 0 }, ["end"] = { line = 4, character = 7 } }
    local cases = {
      { "one\n\n  three", { { 1, "two|" } } },
      { "1\ntwo\n\n\n  three", { { 0, "one" } } },
      { "two\n\n\n  three", { { 0, "one" } } },
      { "one\ntwo", { { 1, "||  three" } } },
    }
    for _, case in ipairs(cases) do
      local ran, shown = started()
      ran[1][3](vim.tbl_extend("force", ANSWER, { edit = { range = all, newText = case[1] } }))
      same({ table.concat(shown(), "\n"), remarks() }, case)
    end
  end)

  test("an edit is not applied to a text that has changed", function()
    local ran, _, press, source = started()
    ran[1][3](vim.tbl_extend("force", ANSWER, { edit = { range = ABOUT, newText = "1" } }))
    vim.api.nvim_buf_set_lines(source, 0, 0, false, { "new" })
    local said = heard_from(function()
      press("<CR>")
    end)
    same(said, { "assist: the file changed meanwhile; copy the answer, or run the task again" })
    same(vim.api.nvim_buf_get_lines(source, 0, 2, false), { "new", "one" })
  end)

  test(
    "what is not applied is shown with the reason, and can be inserted or take the place",
    function()
      for key, expected in pairs({ i = { "one", "x", "two" }, r = { "x", "two", "" } }) do
        local ran, shown, press, source = started()
        ran[1][3](vim.tbl_extend("force", ANSWER, { note = "not applied: it is wrong" }))
        same(shown(), { "not applied: it is wrong", "", "```", "x", "```" })
        press(key)
        same(vim.api.nvim_buf_get_lines(source, 0, 3, false), expected)
      end
    end
  )

  test("the note of an edit is drawn above its text", function()
    local ran, shown = started()
    local edit = { range = { start = ABOUT["end"], ["end"] = ABOUT["end"] }, newText = "\nx" }
    ran[1][3](vim.tbl_extend("force", ANSWER, { edit = edit, note = "it was cut" }))
    same({ shown(), remarks() }, { { "x" }, { { 0, "it was cut|" } } })
  end)

  test("words that are no code take the place of none", function()
    local ran = started()
    ran[1][3](vim.tbl_extend("force", ANSWER, { code = "# x", mayReplace = false }))
    same({ vim.fn.maparg("i", "n") ~= "", vim.fn.maparg("r", "n") }, { true, "" })
    ran[1][3](vim.tbl_extend("force", ANSWER, { code = "", mayReplace = false }))
  end)

  test("another answer is asked for in the same window", function()
    local ran, shown, press = started()
    ran[1][3](ANSWER)
    press("a")
    same({ ran[1][2][5], ran[2][2][5], shown() }, { false, true, { "…" } })
  end)

  test("another answer is not asked for about a text that has changed", function()
    local ran, shown, press, source = started()
    ran[1][3](ANSWER)
    vim.api.nvim_buf_set_lines(source, 0, 0, false, { "new" })
    local said = heard_from(function()
      press("a")
    end)
    same(said, { "assist: the file changed meanwhile; copy the answer, or run the task again" })
    same({ #ran, shown() }, { 1, { "```", "x", "```" } })
  end)

  test("closing the window cancels the task, and a late error is not shown", function()
    local ran = started()
    vim.cmd.close()
    same(ran.n_cancelled, 1)
    same(
      heard_from(function()
        ran[1][4]({ message = "cancelled" })
      end),
      {}
    )
  end)

  test("an error closes the window", function()
    local ran, shown = started()
    local said = heard_from(function()
      ran[1][4]({ message = "the model failed" })
    end)
    same({ shown(), said }, { false, { "assist: the model failed" } })
  end)
end
