return function(test, same)
  ---A client that keeps what is cancelled, and requests that are answered by hand.
  local function begin()
    local session =
      { cancelled = {}, answers = {}, taken = {}, buf = vim.api.nvim_get_current_buf() }
    local client = { offset_encoding = "utf-8" }
    package.loaded["assist.client"] = {
      cancel = function(_, id)
        table.insert(session.cancelled, id)
      end,
    }
    package.loaded["assist.suggestion"] = {
      take = function(_, items)
        table.insert(session.taken, items)
      end,
    }
    function session.ask(take)
      return require("assist.ghost_text.newest").ask(client, session.buf, function(handler)
        table.insert(session.answers, handler)
        return #session.answers
      end, take)
    end
    return session
  end

  test("only the answer to the newest request is used", function()
    local session = begin()
    session.ask()
    session.ask()
    same(session.cancelled, { 1 })
    session.answers[1](nil, { items = { "old" } })
    session.answers[2](nil, { items = { "new" } })
    same(session.taken, { { "new" } })
  end)

  test("an answer may be a list, an error or nothing", function()
    for _, answer in ipairs({ { nil, { "a" } }, { "wrong", { "b" } }, { nil, nil } }) do
      local session = begin()
      session.ask()
      session.answers[1](answer[1], answer[2])
      same(session.taken, { answer[1] and {} or answer[2] or {} })
    end
  end)

  test("an automatic request does not replace one made with a key at the same place", function()
    local session, taken = begin(), nil
    session.ask(function(items)
      taken = items
    end)
    same(session.ask(), nil)
    same(session.cancelled, {})
    session.answers[1](nil, { "mine" })
    same({ taken, session.taken }, { { "mine" }, {} })
  end)

  test("an automatic request replaces one made with a key before the text changed", function()
    local session = begin()
    session.ask(function() end)
    vim.api.nvim_buf_set_lines(session.buf, 0, -1, false, { "changed" })
    same(session.ask(), 2)
    same(session.cancelled, { 1 })
  end)

  test("an answer after the cancellation is not used", function()
    local session = begin()
    session.ask()
    require("assist.ghost_text.newest").cancel(session.buf)
    session.answers[1](nil, { "late" })
    same({ session.cancelled, session.taken }, { { 1 }, {} })
  end)

  test("a menu of a plugin is seen while it is open", function()
    local is_visible, is_open = require("assist.menu").is_visible, false
    local function answer()
      return is_open
    end
    for name, plugin in pairs({
      ["blink.cmp"] = { is_menu_visible = answer },
      cmp = { visible = answer },
    }) do
      package.loaded[name], is_open = plugin, false
      same(is_visible(), false)
      is_open = true
      same(is_visible(), true)
      package.loaded[name] = nil
    end
    same(is_visible(), false)
  end)
end
