return function(test, same, heard_from)
  test("the server is started again three times in three minutes", function()
    local count = require("assist.restarts").count
    same({ count(0), count(1), count(2), count(3) }, { true, true, true, false })
    same(count(179999), false)
    same({ count(180000), count(180000) }, { true, false })
  end)

  test("a restart by the user begins the count anew", function()
    local restarts = require("assist.restarts")
    for now_ms = 1, 3 do
      restarts.count(now_ms)
    end
    restarts.forget()
    same(restarts.count(4), true)
  end)

  ---Why a buffer with a type and a filetype is not served.
  local function reason(buftype, filetype)
    local buf = vim.api.nvim_create_buf(true, false)
    vim.bo[buf].buftype, vim.bo[buf].filetype = buftype, filetype
    local is_served, why = require("assist.client").serves(buf)
    same(is_served, false)
    return why
  end

  test("a buffer that is not served has a reason", function()
    same(reason("nofile", "python"), "a buffer of type nofile is not a file")
    local advice = "the first :Assist command in it starts serving it"
    same(reason("", ""), "it has no filetype; " .. advice)
    same(reason("", "python"), "the server is not running; :Assist restart starts it")
  end)

  ---The settings that a pause, or its end, sends to the server.
  local function settings_of_pause(settings, is_paused)
    local sent
    require("assist.config").options.settings = settings
    package.loaded["assist.client"] = {
      send_settings = function(sent_settings)
        sent = sent_settings
      end,
    }
    require("assist.status").pause(is_paused)
    same(require("assist.status").current().is_paused, is_paused)
    return sent
  end

  test("a pause switches completions off and keeps the user's settings", function()
    local settings = { model = "m", completion = { menu = "never" } }
    local before = vim.deepcopy(settings)
    local paused = { model = "m", completion = { menu = "never", enabled = false } }
    same(settings_of_pause(settings, true), paused)
    same(settings, before)
    same(settings_of_pause(settings, false), settings)
  end)

  test("without settings, the end of a pause sends an empty table that is no list", function()
    same(settings_of_pause({}, true), { completion = { enabled = false } })
    same(vim.json.encode(settings_of_pause({}, false)), "{}")
  end)

  test("the verbs of :Assist are completed in order", function()
    local complete = require("assist.commands").complete
    same(complete("re"), { "restart", "resume" })
    same(complete("x"), {})
    local all = "document, log, pause, restart, resume, status, summarize, task, why"
    same(table.concat(complete(""), ", "), all)
    same(
      heard_from(function()
        require("assist.commands").run({ args = "dance", fargs = { "dance" } })
      end),
      { "assist: there is no :Assist dance; the verbs are " .. all }
    )
  end)

  test("without a server, :Assist says so", function()
    same(
      heard_from(function()
        require("assist.commands").run({ args = "", fargs = {} })
      end),
      { "assist: the server is not running; see :checkhealth assist" }
    )
  end)
end
