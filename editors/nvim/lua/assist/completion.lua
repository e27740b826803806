---A completion as text: where it belongs, what is left of it after typing, and its parts. Nothing
---here depends on the editor's state.
local positions = require("assist.positions")

local M = {}

---@class assist.Completion
---@field row integer where the text begins, from 0
---@field col integer in bytes
---@field text string
---@field tail string the text after the cursor that it replaces

---Return the completion in an item of the server; nil for a snippet, which this server never sends.
---@param item lsp.InlineCompletionItem
---@param encoding string
---@param row integer the cursor's row, from 0
---@param col integer the cursor's column in bytes
---@param line string the line of the cursor
---@return assist.Completion?
function M.from_item(item, encoding, row, col, line)
  if type(item.insertText) ~= "string" then
    return nil
  end
  local text = item.insertText:gsub("\r\n?", "\n")
  if not item.range then
    return { row = row, col = col, text = text, tail = "" }
  end
  local from, to = item.range.start, item.range["end"]
  -- The user has typed since the request, so the text to replace moved with the cursor.
  local after = line:sub(col + 1)
  local tail = after:sub(1, positions.byte(after, to.character - from.character, encoding))
  local begin = positions.byte(line, from.character, encoding)
  return { row = from.line, col = begin, text = text, tail = tail }
end

---Return what is left to insert at the cursor; nil if the text no longer fits there.
---@param completion assist.Completion
---@param row integer the cursor's row, from 0
---@param col integer the cursor's column in bytes
---@param line string the line of the cursor
---@return string?
function M.rest(completion, row, col, line)
  if row ~= completion.row or col < completion.col then
    return nil
  end
  local typed = line:sub(completion.col + 1, col)
  local rest = completion.text:sub(#typed + 1)
  local fits = vim.startswith(completion.text, typed)
    and vim.startswith(line:sub(col + 1), completion.tail)
  return fits and rest ~= "" and rest or nil
end

local function next_word(rest)
  return rest:match("^%s*[%w_\128-\255]+") or rest:match("^%s*[^%w%s_\128-\255]+") or rest
end

local function next_line(rest)
  return rest:match("^\n*[^\n]+") or rest
end

local parts = { word = next_word, line = next_line }

---Return the part of a rest that is accepted.
---@param rest string
---@param part "all"|"word"|"line"
---@return string
function M.part(rest, part)
  return parts[part] and parts[part](rest) or rest
end

---Return where the cursor will be after a text is inserted.
---@param text string
---@param row integer
---@param col integer
---@return integer row
---@return integer col
function M.place_after(text, row, col)
  local lines = vim.split(text, "\n", { plain = true })
  return row + #lines - 1, (#lines == 1 and col or 0) + #lines[#lines]
end

return M
