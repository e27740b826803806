-- Runs the specs beside this file, or those named: nvim -l editors/nvim/test/run.lua [FILE...]
-- A spec is a function of `test`, `same` and `heard_from`. Each test gets modules that are fresh.
local folder = vim.fs.dirname(vim.fn.fnamemodify(arg[0], ":p"))
vim.opt.runtimepath:prepend(vim.fs.dirname(folder))

local n_tests, failures = 0, {}

local function unload()
  for name in pairs(package.loaded) do
    if vim.startswith(name, "assist.") then
      package.loaded[name] = nil
    end
  end
end

---Run a test and keep its failure.
local function test(name, body)
  n_tests = n_tests + 1
  unload()
  local is_passed, reason = xpcall(body, debug.traceback)
  if not is_passed then
    table.insert(failures, ("FAILED %s\n%s"):format(name, reason))
  end
end

local function same(found, expected)
  if not vim.deep_equal(found, expected) then
    local words = "expected %s\nfound    %s"
    error(words:format(vim.inspect(expected), vim.inspect(found)), 2)
  end
end

---Return the messages that an action shows.
local function heard_from(action)
  local messages, notify, notify_once = {}, vim.notify, vim.notify_once
  vim.notify = function(message)
    table.insert(messages, message)
  end
  vim.notify_once = vim.notify
  local is_done, reason = pcall(action)
  vim.notify, vim.notify_once = notify, notify_once
  return is_done and messages or error(reason, 0)
end

local files = #arg > 0 and vim.list_slice(arg) or vim.fn.glob(folder .. "/*_spec.lua", true, true)
for _, file in ipairs(files) do
  dofile(file)(test, same, heard_from)
end
for _, failure in ipairs(failures) do
  io.stdout:write(failure, "\n\n")
end
io.stdout:write(("%d tests, %d failed\n"):format(n_tests, #failures))
os.exit((n_tests == 0 or #failures > 0) and 1 or 0)
