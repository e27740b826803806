return function(test, same)
  local SNIPPET = '\t"""${1:TODO: describe}.\n\n\tcost \\${x\\} \\\\: ${2:TODO}\n\t"""\n'
  local TEXT = { '\t"""TODO: describe.', "", "\tcost ${x} \\: TODO", '\t"""' }

  ---Apply the snippet to a buffer of two lines, between them.
  local function applied(buf, version, snippet)
    vim.lsp.get_client_by_id = function()
      return { offset_encoding = "utf-16" }
    end
    local place = { line = 1, character = 0 }
    local change = {
      range = { start = place, ["end"] = place },
      snippet = { kind = "snippet", value = snippet or SNIPPET },
    }
    local document = { uri = vim.uri_from_bufnr(buf), version = version }
    local edit = { documentChanges = { { textDocument = document, edits = { change } } } }
    return require("assist.tab_stops").apply(nil, { edit = edit }, { client_id = 1 })
  end

  local function buffer()
    local buf = vim.api.nvim_create_buf(true, false)
    vim.api.nvim_buf_set_name(buf, ("%s/%d.py"):format(vim.fn.tempname(), buf))
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, { "def f(x):", "    return x" })
    vim.bo[buf].expandtab = true
    return buf
  end

  local function lines(buf)
    return vim.api.nvim_buf_get_lines(buf, 0, -1, false)
  end

  local WRITTEN = { "def f(x):", TEXT[1], TEXT[2], TEXT[3], TEXT[4], "    return x" }

  test("a snippet has tab stops in the buffer that is seen, and its own indentation", function()
    local buf = buffer()
    vim.api.nvim_set_current_buf(buf)
    same(applied(buf), { applied = true })
    same(lines(buf), WRITTEN)
    same({ vim.snippet.active(), vim.bo[buf].expandtab }, { true, true })
    vim.snippet.stop()
  end)

  test("line ends of a snippet do not become text of the buffer", function()
    local buf = buffer()
    vim.bo[buf].fileformat = "dos"
    vim.api.nvim_set_current_buf(buf)
    same(applied(buf, nil, (SNIPPET:gsub("\n", "\r\n"))), { applied = true })
    same(lines(buf), WRITTEN)
    vim.snippet.stop()
  end)

  test("in another buffer, a snippet is its text", function()
    local buf = buffer()
    same(applied(buf), { applied = true })
    same(lines(buf), WRITTEN)
    same(vim.snippet.active(), false)
  end)

  test("a snippet for an older version of a buffer is refused", function()
    local buf = buffer()
    vim.lsp.util.buf_versions[buf] = 2
    same(applied(buf, 1).applied, false)
    same(#lines(buf), 2)
  end)
end
