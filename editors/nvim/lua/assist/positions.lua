---Positions in a buffer in the units of the protocol, for Neovim 0.10 and newer.
local M = {}

local counts_by_name = vim.fn.has("nvim-0.11") == 1

---@param line string
---@param byte integer
---@param encoding string
---@return integer
local function units(line, byte, encoding)
  byte = math.min(byte, #line)
  if encoding == "utf-8" then
    return byte
  end
  if counts_by_name then
    return vim.str_utfindex(line, encoding, byte, false)
  end
  local codepoints, code_units = vim.str_utfindex(line, byte)
  return encoding == "utf-16" and code_units or codepoints
end

---@param line string
---@param character integer
---@param encoding string
---@return integer byte
function M.byte(line, character, encoding)
  if encoding == "utf-8" then
    return math.min(character, #line)
  end
  if counts_by_name then
    return vim.str_byteindex(line, encoding, character, false)
  end
  local is_inside, byte = pcall(vim.str_byteindex, line, character, encoding == "utf-16")
  return is_inside and byte or #line
end

---@param buf integer
---@param row integer from 0
---@return string
function M.line(buf, row)
  return vim.api.nvim_buf_get_lines(buf, row, row + 1, false)[1] or ""
end

---@param buf integer
---@param row integer from 0
---@param byte integer
---@param encoding string
---@return lsp.Position
function M.position(buf, row, byte, encoding)
  return { line = row, character = units(M.line(buf, row), byte, encoding) }
end

---Return the bounds of a range as functions of Neovim take them.
---@param buf integer
---@param range lsp.Range
---@param encoding string
---@return integer row from 0
---@return integer byte
---@return integer end_row
---@return integer end_byte
function M.bounds(buf, range, encoding)
  local function byte(position)
    return M.byte(M.line(buf, position.line), position.character, encoding)
  end
  local last = range["end"]
  return range.start.line, byte(range.start), last.line, byte(last)
end

---@return integer row from 0
---@return integer byte
function M.cursor()
  local row, byte = unpack(vim.api.nvim_win_get_cursor(0))
  return row - 1, byte
end

return M
