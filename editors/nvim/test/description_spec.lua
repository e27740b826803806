return function(test, same)
  local function label(status, also)
    also = vim.tbl_extend("force", { is_running = true, is_working = false }, also or {})
    return require("assist.description").label(status, also.is_running, also.is_working)
  end

  test("each phase has its label", function()
    same(label({}), "loading")
    same(label({ phase = "loading" }), "loading")
    same(label({ phase = "ready" }), "ready")
    same(label({ phase = "failed" }), "error")
    same(label({ phase = "closed" }), "")
  end)

  test("the percent sign is written so that 'statusline' shows one", function()
    local shown = label({ phase = "loading", percent = 40 })
    same(vim.api.nvim_eval_statusline(shown, {}).str, "loading 40%")
  end)

  test("work is shown of a model that is ready", function()
    same(label({ phase = "ready" }, { is_working = true }), "working")
    same(label({ phase = "loading" }, { is_working = true }), "loading")
  end)

  test("a pause is shown whatever the model does, but for an error", function()
    same(label({ phase = "ready", is_paused = true }, { is_working = true }), "paused")
    same(label({ phase = "loading", percent = 4, is_paused = true }), "paused")
    same(label({ phase = "failed", is_paused = true }), "error")
  end)

  test("without a server, nothing but its failure is shown", function()
    same(label({}, { is_running = false }), "")
    same(label({ is_paused = true }, { is_running = false }), "")
    same(label({ phase = "failed" }, { is_running = false }), "error")
  end)

  test("the progress of loading is one line", function()
    local loading = require("assist.description").loading
    same(loading("reading\n  weights", 40), "assist: loading 40% (reading weights)")
    same(loading("reading weights"), "assist: loading (reading weights)")
  end)

  local READY = { model = "m", device = "cpu", dtype = "int8", phase = "ready", message = "m" }

  local function model(changes, is_paused)
    local result = vim.tbl_extend("force", READY, changes)
    return require("assist.description").model(result, is_paused or false)
  end

  test("the answer to :Assist status names model, device, number format and phase", function()
    same(model({}), "m on cpu (int8), ready")
    same(model({}, true), "m on cpu (int8), paused")
  end)

  test(
    "the answer to :Assist status names the model for summaries and tasks, if it is another",
    function()
      same(model({ text_model = vim.NIL }), "m on cpu (int8), ready")
      local text = "m on cpu (int8), ready; summaries and tasks: t at localhost:8080"
      same(model({ text_model = "t at localhost:8080" }), text)
    end
  )

  test("a model that is not ready has no device, and a reason", function()
    local failed = { device = vim.NIL, dtype = vim.NIL, phase = "failed", message = "no file" }
    same(model(failed), "m, failed: no file")
    same(model({ device = vim.NIL, phase = "loading", message = "" }), "m, loading")
  end)

  test("a process ends with a signal or an exit code", function()
    local ended = require("assist.description").ended
    same(ended(0, 9), "the server stopped (signal 9)")
    same(ended(3, 0), "the server stopped (exit code 3)")
  end)
end
