-- Run by tests/editors/test_neovim.py in a headless Neovim: opens a file, takes the quick fix, has shapes written, and tells what it saw as JSON.
local python, path, report = unpack(vim.fn.json_decode(vim.env.SHAPELINT_TEST))
local seen = {}

local function wait_for(what, condition)
  if not vim.wait(60000, condition, 20) then
    error("no " .. what)
  end
end

local function told()
  return vim.tbl_map(function(one)
    return { line = one.lnum + 1, column = one.col, code = one.code, message = one.message }
  end, vim.diagnostic.get(0))
end

local function is_confirmed()
  local found = told()
  return #found == 1 and found[1].message:find("confirmed by torch", 1, true) ~= nil
end

local function main()
  vim.cmd("edit " .. vim.fn.fnameescape(path))
  local client = vim.lsp.start_client({
    name = "shapelint",
    cmd = { python, "-m", "shapelint", "server" },
    root_dir = vim.fn.fnamemodify(path, ":h"),
    init_options = { inlayHints = { roles = true } },
  })
  vim.lsp.buf_attach_client(0, client)
  wait_for("finding", function() return #told() > 0 end)
  seen.first = told()
  wait_for("proof", is_confirmed)
  seen.confirmed = told()

  local everything = { start = { line = 0, character = 0 }, ["end"] = { line = 999, character = 0 } }
  local document = vim.lsp.util.make_text_document_params()
  local hints = vim.lsp.buf_request_sync(0, "textDocument/inlayHint", { textDocument = document, range = everything }, 60000)
  seen.hints = vim.tbl_map(function(hint) return { hint.position.line + 1, hint.label } end, hints[client].result)

  vim.api.nvim_win_set_cursor(0, { seen.confirmed[1].line, seen.confirmed[1].column })
  local hover = vim.lsp.buf_request_sync(0, "textDocument/hover", vim.lsp.util.make_position_params(), 60000)
  seen.hover = hover[client].result.contents.value

  vim.ui.select = function(items, options, choose)
    seen.actions = vim.tbl_map(options.format_item, items)
    choose(items[1], 1)
  end
  vim.lsp.buf.code_action()
  wait_for("end of the finding", function() return seen.actions and #told() == 0 end)
  vim.cmd("write")
  seen.mended = vim.fn.readfile(path)

  vim.ui.select = function(items, options, choose)
    choose(items[#items], #items)
  end
  vim.lsp.buf.code_action()
  wait_for("comments", function() return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true)):find("# ::", 1, true) end)
  vim.cmd("write")
  vim.lsp.stop_client(client)
  wait_for("end of the server", function() return vim.lsp.client_is_stopped(client) end)
end

local done, failure = pcall(main)
seen.failure = not done and tostring(failure) or nil
vim.fn.writefile({ vim.fn.json_encode(seen) }, report)
vim.cmd("qall!")
