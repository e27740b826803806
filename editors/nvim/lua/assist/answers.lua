---The page of `:Assist why`: the outcomes of a file's last requests, and their reasons.
local M = {}

---Outcomes that only mean that the user went on typing.
local OVERTAKEN = {
  ["cancelled"] = true,
  ["superseded by a newer request"] = true,
  ["the document changed meanwhile"] = true,
}

---@param text string
---@param filetype string
---@return string
local function code_block(text, filetype)
  local fence = "```"
  while text:find(fence, 1, true) do
    fence = fence .. "`"
  end
  local block = ("%s%s\n%s\n%s"):format(fence, filetype, text, fence)
  return "\n  " .. block:gsub("\n", "\n  ")
end

---@param record table one entry of the result of `assist.why`
---@param filetype string
---@return string
local function in_words(record, filetype)
  local detail = record.detail and record.detail ~= "" and (": %s"):format(record.detail) or ""
  local tokens = ("%d prompt tokens, %d new tokens"):format(record.prompt_tokens, record.new_tokens)
  local text = type(record.text) == "string" and code_block(record.text, filetype) or ""
  local cost = ("%s, %.0f ms"):format(tokens, record.milliseconds)
  return ("- **%s**%s%s\n  %s"):format(record.outcome, detail, text, cost)
end

---@param count integer
---@return string
local function overtaken(count)
  local what = count == 1 and "1 request" or ("%d requests"):format(count)
  return ("- *%s overtaken by what was typed next*"):format(what)
end

---@param records table[]
---@param filetype string of the file
---@return string markdown
function M.render(records, filetype)
  local entries, n_overtaken = {}, 0
  local function close_group()
    if n_overtaken > 0 then
      table.insert(entries, overtaken(n_overtaken))
    end
    n_overtaken = 0
  end
  for _, record in ipairs(records) do
    if OVERTAKEN[record.outcome] then
      n_overtaken = n_overtaken + 1
    else
      close_group()
      table.insert(entries, in_words(record, filetype))
    end
  end
  close_group()
  return table.concat(entries, "\n")
end

return M
