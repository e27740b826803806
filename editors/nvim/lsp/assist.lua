-- Read by `vim.lsp.config`; what a user sets there with `vim.lsp.config("assist", ...)` wins.
return require("assist.client").config()
