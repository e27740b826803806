return function(test, same, heard_from)
  local CURSOR = { line = 4, character = 2 }

  ---A client that keeps the commands that it is asked to run, and answers lists of tasks.
  local function begin()
    local ran = {}
    package.loaded["assist.client"] = {
      encoding = function()
        return "utf-8"
      end,
      execute = function(command, arguments, take)
        table.insert(ran, { command, arguments, take })
      end,
      execute_sync = function(command)
        return command == "assist.tasks" and { tasks = { { name = "fix" }, { name = "formal" } } }
      end,
    }
    package.loaded["assist.positions"] = {
      cursor = function()
        return 4, 2
      end,
      position = function()
        return CURSOR
      end,
    }
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
    same(command, "assist.task")
    same({ arguments[1], arguments[4] }, { "rewrite", "with fewer words" })
    same(arguments[3], { start = CURSOR, ["end"] = CURSOR })
  end)

  test("a task is run on the lines that are given", function()
    local ran, seen = begin(), nil
    package.loaded["assist.summary"] = {
      range_of_lines = function(_, first, last)
        seen = { first, last }
        return "lines"
      end,
    }
    call("task fix", { 3, 5 })
    same({ seen, ran[1][2][3], ran[1][2][4] }, { { 3, 5 }, "lines", "" })
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

  ---@return table? shown, string[] said
  local function taken(answer)
    local shown
    package.loaded["assist.summary"] = {
      open = function(title, markdown)
        shown = { title, markdown }
      end,
    }
    local said = heard_from(function()
      require("assist.tasks").take(vim.tbl_extend("keep", answer, {
        title = "Fix",
        text = "x",
        markdown = "```\nx\n```",
        applied = false,
        note = "",
      }))
    end)
    return shown, said
  end

  test("an answer that was applied is not shown", function()
    same({ taken({ applied = true }) }, { nil, {} })
  end)

  test("an answer that was not applied is shown, with the reason", function()
    local shown, said = taken({ note = "not applied: it is wrong" })
    same({ shown, said }, { { "Fix", "```\nx\n```" }, { "assist: not applied: it is wrong" } })
  end)
end
