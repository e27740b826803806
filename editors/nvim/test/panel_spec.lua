return function(test, same)
  local SCREEN = { columns = 100, rows = 40 }

  local function layout(lines, screen)
    return require("assist.panel").layout(lines, " q close ", screen or SCREEN)
  end

  test("the window is as wide as its longest line, and in the middle", function()
    local line = ("x"):rep(40)
    same(layout({ line, "y" }), { row = 18, col = 30, width = 40, height = 2 })
  end)

  test("a long line is wrapped, and its rows are counted", function()
    local found = layout({ ("x"):rep(161), "" })
    same({ found.width, found.height }, { 80, 4 })
  end)

  test("wide characters take two columns", function()
    same(layout({ ("語"):rep(20) }).width, 40)
  end)

  test("the window fits into a small screen", function()
    local lines = vim.split(("x\n"):rep(100), "\n")
    table.insert(lines, ("x"):rep(100))
    local found = layout(lines, { columns = 50, rows = 20 })
    same({ found.width, found.height }, { 46, 14 })
    same(layout({ "x" }, { columns = 10, rows = 4 }).height, 1)
  end)

  test("the rows of lines that do not fit are counted", function()
    local found, rows = layout(vim.split(("x\n"):rep(100), "\n"))
    same({ found.height, rows }, { 34, 101 })
  end)

  test("remarks are divided between words, and within words that are too long", function()
    local wrapped = require("assist.panel").wrapped
    same(wrapped("", 5), { "" })
    same(wrapped("  one two", 5), { "  one", "two" })
    same(wrapped("one two three", 7), { "one two", "three" })
    same(wrapped("      three", 8), { "      th", "ree" })
    same(wrapped(("語"):rep(4), 5), { "語語", "語語" })
  end)
end
