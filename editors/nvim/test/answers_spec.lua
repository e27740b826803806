return function(test, same)
  local SHOWN = { outcome = "shown", detail = "", prompt_tokens = 30, new_tokens = 4 }
  SHOWN.milliseconds = 12.3

  local function page(...)
    local records = {}
    for _, changes in ipairs({ ... }) do
      table.insert(records, vim.tbl_extend("force", SHOWN, changes))
    end
    return require("assist.answers").render(records, "python")
  end

  test("a request has its outcome, its text, its tokens and its time", function()
    local cost = "  30 prompt tokens, 4 new tokens, 12 ms"
    same(page({ text = vim.NIL }), "- **shown**\n" .. cost)
    local block = "  ```python\n  f(x)\n  y\n  ```\n"
    same(page({ text = "f(x)\ny" }), "- **shown**\n" .. block .. cost)
  end)

  test("a reason is shown after the outcome", function()
    assert(
      vim.startswith(page({ outcome = "empty", detail = "too long" }), "- **empty**: too long")
    )
  end)

  test("a text with fences is shown in a longer fence", function()
    local shown = page({ text = "```\nx\n````" })
    assert(shown:find("\n  `````python\n  ```\n  x\n  ````\n  `````\n", 1, true), shown)
  end)

  test("requests that were overtaken one after another are shown in one line", function()
    local shown = page(
      { outcome = "cancelled" },
      { outcome = "superseded by a newer request" },
      { outcome = "the document changed meanwhile" },
      {},
      { outcome = "cancelled" }
    )
    same(vim.tbl_map(vim.trim, vim.split(shown, "\n")), {
      "- *3 requests overtaken by what was typed next*",
      "- **shown**",
      "30 prompt tokens, 4 new tokens, 12 ms",
      "- *1 request overtaken by what was typed next*",
    })
  end)
end
