return function(test, same)
  ---The effect of a key with a mapping, which is made as a user makes it.
  local function effect(key, ...)
    local mappings = require("assist.mappings")
    local buf = vim.api.nvim_create_buf(false, true)
    local mapping
    if select("#", ...) > 0 then
      local rhs, options = ...
      vim.keymap.set("i", key, rhs, vim.tbl_extend("force", { buffer = buf }, options or {}))
      mapping = assert(mappings.find(vim.api.nvim_buf_get_keymap(buf, "i"), key))
    end
    local keys, are_mapped = mappings.effect(key, mapping)
    vim.api.nvim_buf_delete(buf, {})
    return { keys and vim.fn.keytrans(keys) or "nothing", are_mapped }
  end

  local function one()
    return "<C-x>1"
  end

  test("a key that is not mapped is pressed as it is", function()
    same(effect("<Tab>"), { "<Tab>", false })
    same(effect("<C-]>"), { "<C-]>", false })
  end)

  test("a key with ALT that is not mapped is Escape and the key", function()
    same(effect("<M-Right>"), { "<Esc><Right>", true })
    same(effect("<M-x>"), { "<Esc>x", true })
    same(effect("<M-lt>"), { "<Esc><lt>", true })
    same(effect("<M-ä>"), { "<Esc>ä", true })
  end)

  test("a mapping to keys presses them, and follows mappings only if it may", function()
    same(effect("<Tab>", "a<Left>"), { "a<Left>", false })
    same(effect("<Tab>", "a<Left>", { remap = true }), { "a<Left>", true })
  end)

  test("a mapping that begins with its own key is not followed in circles", function()
    same(effect("<Tab>", "<Tab>a", { remap = true }), { "<Tab>a", false })
  end)

  test("an expression gives the keys", function()
    same(effect("<Tab>", "'a' .. 'b'", { expr = true, replace_keycodes = false }), { "ab", false })
    same(effect("<Tab>", "'<C-x>1'", { expr = true }), { "<C-X>1", false })
    same(effect("<Tab>", one, { expr = true }), { "<C-X>1", false })
    same(effect("<Tab>", one, { expr = true, replace_keycodes = false }), { "<lt>C-x>1", false })
    same(effect("<Tab>", "''", { expr = true }), { "nothing", false })
  end)

  test("a function that gives no keys is called, and nothing is pressed", function()
    local n_calls = 0
    local function count()
      n_calls = n_calls + 1
      return "not keys"
    end
    same(effect("<Tab>", count), { "nothing", false })
    same(n_calls, 1)
  end)

  test("a key is found however it is written", function()
    local find = require("assist.mappings").find
    same(find({ { lhs = "a" }, { lhs = "<C-I>" } }, "<Tab>").lhs, "<C-I>")
    same(find({ { lhs = "a" } }, "b"), nil)
  end)

  ---The keys of this plugin in a buffer after the client has been attached to it.
  local function attached_keys(keys, before)
    require("assist.config").options.keys = keys
    local buf = vim.api.nvim_create_buf(false, true)
    if before then
      vim.keymap.set("i", before, "mine", { buffer = buf })
    end
    require("assist.keys").attach(buf)
    return buf
  end

  local function mapped(buf)
    local found = {}
    for _, mapping in ipairs(vim.api.nvim_buf_get_keymap(buf, "i")) do
      found[mapping.lhs] = mapping.desc or mapping.rhs
    end
    return found
  end

  test("the chosen keys are mapped, and those that are false or empty are not", function()
    local keys = { accept = "<C-Y>", accept_word = "<M-Right>", dismiss = false, next = "" }
    local expected = { ["<C-Y>"] = "assist: accept", ["<M-Right>"] = "assist: accept word" }
    same(mapped(attached_keys(keys)), expected)
    same(mapped(attached_keys(false)), {})
  end)

  test("an earlier mapping comes back when the client is detached", function()
    local buf = attached_keys({ accept = "<C-Y>", next = "<C-N>" }, "<C-Y>")
    same(mapped(buf)["<C-Y>"], "assist: accept")
    require("assist.keys").detach(buf)
    same(mapped(buf), { ["<C-Y>"] = "mine" })
  end)

  test("a key that was mapped since stays as it is", function()
    local buf = attached_keys({ accept = "<C-Y>" }, "<C-Y>")
    vim.keymap.set("i", "<C-Y>", "other", { buffer = buf })
    require("assist.keys").detach(buf)
    same(mapped(buf), { ["<C-Y>"] = "other" })
  end)
end
