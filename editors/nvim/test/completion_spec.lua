return function(test, same)
  local ROW, LINE = 3, "x = "

  local function completion(text, tail)
    return { row = ROW, col = #LINE, text = text, tail = tail or "" }
  end

  ---What is left after something was typed, with text after the cursor.
  local function rest(found, typed, after)
    local line = LINE .. typed .. (after or "")
    return require("assist.completion").rest(found, ROW, #LINE + #typed, line)
  end

  test("all is left before anything is typed", function()
    same(rest(completion("alpha(1)"), ""), "alpha(1)")
  end)

  test("what was typed of it is not inserted again", function()
    same(rest(completion("alpha(1)"), "alp"), "ha(1)")
    same(rest(completion("größe = 1"), "grö"), "ße = 1")
  end)

  test("a completion does not fit after another text, or once all is typed", function()
    same(rest(completion("alpha(1)"), "b"), nil)
    same(rest(completion("alpha(1)"), "alpha(1)"), nil)
    same(rest(completion("alpha(1)"), "alpha(1) "), nil)
  end)

  test("a completion fits in its line and from its column on", function()
    local module = require("assist.completion")
    same(module.rest(completion("a"), ROW + 1, #LINE, LINE), nil)
    same(module.rest(completion("a"), ROW, #LINE - 1, LINE), nil)
  end)

  test("the text to replace must still be after the cursor", function()
    same(rest(completion("alpha(1)", ")"), "a", ")"), "lpha(1)")
    same(rest(completion("alpha(1)", ")"), "a", "]"), nil)
    same(rest(completion("alpha(1)", ")"), "a", ""), nil)
  end)

  ---The parts that are accepted one after another.
  local function parts(text, kind)
    local found = {}
    while text ~= "" do
      local part = require("assist.completion").part(text, kind)
      assert(part ~= "" and #found < 20, "it does not end")
      table.insert(found, part)
      text = text:sub(#part + 1)
    end
    return found
  end

  test("words are names or runs of signs, with the space before them", function()
    same(parts("alpha(beta, g_2)", "word"), { "alpha", "(", "beta", ",", " g_2", ")" })
    same(parts(" == größe", "word"), { " ==", " größe" })
    same(parts("\n    return  ", "word"), { "\n    return", "  " })
  end)

  test("lines come with the line breaks before them", function()
    same(parts("a = 1\nb = 2\n\n  c", "line"), { "a = 1", "\nb = 2", "\n\n  c" })
    same(parts("\n", "line"), { "\n" })
  end)

  test("everything is one part", function()
    same(parts("a b\nc", "all"), { "a b\nc" })
  end)

  test("the cursor goes to the end of what is inserted", function()
    local place_after = require("assist.completion").place_after
    same({ place_after("abc", 5, 2) }, { 5, 5 })
    same({ place_after("abc\n  d", 5, 2) }, { 6, 3 })
    same({ place_after("abc\n", 5, 2) }, { 6, 0 })
  end)

  local function item(text, from, to)
    local range = from and { start = { line = ROW, character = from } }
    if range then
      range["end"] = { line = ROW, character = to }
    end
    return { insertText = text, range = range }
  end

  local function read(found, col, line, encoding)
    return require("assist.completion").from_item(found, encoding or "utf-8", ROW, col, line)
  end

  test("an item without a range begins at the cursor and replaces nothing", function()
    same(read(item("a"), 2, "x )"), { row = ROW, col = 2, text = "a", tail = "" })
  end)

  test("an item with a range begins there and replaces what is after the cursor", function()
    same(read(item("a)", 2, 3), 2, "f()"), { row = ROW, col = 2, text = "a)", tail = ")" })
  end)

  test("text typed since the request is not replaced", function()
    same(read(item("a)", 2, 3), 3, "f(a)").tail, ")")
  end)

  test("ranges are counted in the encoding of the server", function()
    local line = "😋('é')"
    same(read(item("x", 3, 4), #"😋(", line, "utf-16").col, #"😋(")
    same(read(item("x", 3, 7), #"😋(", line, "utf-16").tail, "'é')")
    same(read(item("x", 2, 5), #"😋(", line, "utf-32").tail, "'é'")
  end)

  test("lines end as in the editor, whatever the server sends", function()
    same(read(item("a\r\nb\rc"), 0, "").text, "a\nb\nc")
  end)

  test("a snippet is no completion", function()
    same(read(item({ value = "a" }), 0, ""), nil)
  end)
end
