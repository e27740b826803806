---Edits whose text is a snippet, which Neovim's own client does not know.
local M = {}

---Return the text of a snippet without its tab stops.
---@param snippet string as the server writes it: `${1:words}`, and `\\` before `$`, `}` and `\\`
---@return string
function M.plain(snippet)
  local marks = { ["\\"] = "\1", ["$"] = "\2", ["}"] = "\3" }
  local text = snippet:gsub("\\([\\$}])", marks):gsub("%${%d+:([^}]*)}", "%1")
  return (text:gsub("[\1-\3]", { ["\1"] = "\\", ["\2"] = "$", ["\3"] = "}" }))
end

---Return the snippet in an edit of a workspace, and its document; nil if there is none.
local function snippet_of(edit)
  local changes = edit.documentChanges or {}
  local first = changes[1] and changes[1].edits and changes[1].edits[1]
  if #changes == 1 and first and first.snippet then
    return first, changes[1].textDocument
  end
end

---Expand a snippet of whole lines in the current window; <Tab> leads from tab stop to tab stop.
local function expand(buf, change)
  local row = change.range.start.line
  -- On an empty line, and without 'expandtab', Neovim leaves the indentation as it is.
  vim.api.nvim_buf_set_lines(buf, row, row, false, { "" })
  vim.api.nvim_win_set_cursor(0, { row + 1, 0 })
  -- Neovim divides a snippet at \n only; the buffer has a 'fileformat' of its own.
  local snippet = change.snippet.value:gsub("\r\n?", "\n"):gsub("\n$", "")
  local expandtab = vim.bo[buf].expandtab
  vim.bo[buf].expandtab = false
  local is_expanded, problem = pcall(vim.snippet.expand, snippet)
  vim.bo[buf].expandtab = expandtab
  if not is_expanded then
    error(problem, 0)
  end
end

---Apply an edit: this is the client's handler of `workspace/applyEdit`.
function M.apply(err, params, context, config)
  local change, document = snippet_of(params.edit)
  if not change then
    return vim.lsp.handlers["workspace/applyEdit"](err, params, context, config)
  end
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local buf = vim.uri_to_bufnr(document.uri)
  local version = vim.lsp.util.buf_versions[buf]
  if document.version and version and document.version < version then
    return { applied = false, failureReason = "the document changed meanwhile" }
  end
  local is_seen = buf == vim.api.nvim_get_current_buf() and vim.api.nvim_get_mode().mode == "n"
  if is_seen then
    expand(buf, change)
  else
    local edit = { range = change.range, newText = M.plain(change.snippet.value) }
    vim.lsp.util.apply_text_edits({ edit }, buf, client.offset_encoding)
  end
  return { applied = true }
end

return M
