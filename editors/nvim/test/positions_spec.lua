return function(test, same)
  local LINE = "aé😋b" -- 1, 2, 4 and 1 bytes
  local UNITS = {
    ["utf-8"] = { [0] = 0, [1] = 1, [3] = 3, [7] = 7, [8] = 8 },
    ["utf-16"] = { [0] = 0, [1] = 1, [2] = 3, [4] = 7, [5] = 8 },
    ["utf-32"] = { [0] = 0, [1] = 1, [2] = 3, [3] = 7, [4] = 8 },
  }

  local function buffer(lines)
    local buf = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
    return buf
  end

  for encoding, bytes in pairs(UNITS) do
    test("characters are counted in " .. encoding, function()
      local positions, buf = require("assist.positions"), buffer({ "", LINE })
      for character, byte in pairs(bytes) do
        same(positions.byte(LINE, character, encoding), byte)
        local position = { line = 1, character = character }
        same(positions.position(buf, 1, byte, encoding), position)
      end
    end)

    test("what is after the end of a line is its end in " .. encoding, function()
      local positions, buf = require("assist.positions"), buffer({ LINE })
      same(positions.byte(LINE, 100, encoding), #LINE)
      same(positions.position(buf, 0, 100, encoding), positions.position(buf, 0, #LINE, encoding))
    end)
  end

  test("a line after the last is empty", function()
    same(require("assist.positions").line(buffer({ "a" }), 1), "")
  end)

  test("the range of lines ends with the last one", function()
    local range_of_lines = require("assist.summary").range_of_lines
    local range = range_of_lines(buffer({ "a", "bé", "ccc" }), 2, 3)
    local expected = { start = { line = 1, character = 0 } }
    expected["end"] = { line = 2, character = 3 }
    same(range, expected)
  end)
end
