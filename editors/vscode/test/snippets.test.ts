import assert from "node:assert/strict";
import { test } from "node:test";

import type { TextEditor } from "vscode";

import { keepsIndentation, plain, withSafeSnippets } from "../src/snippets";

const SNIPPET = "\tcost \\${x\\}: ${1:TODO: describe}. \\\\\n";
const RANGE = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
const PARAMS = {
  edit: {
    documentChanges: [
      { textDocument: { uri: "file:///a.py", version: 1 }, edits: [{ range: RANGE, snippet: { kind: "snippet" as const, value: SNIPPET } }] },
    ],
  },
};

function editor(uri: string, insertSpaces: boolean): TextEditor {
  const document = { uri: { toString: () => uri } };
  return { document, options: { insertSpaces, tabSize: 4 } } as unknown as TextEditor;
}

test("a snippet's text has no tab stops and no escapes", () => {
  assert.equal(plain("\\${1:x\\} ${1:TODO} \\\\${2:b}"), "${1:x} TODO \\b");
});

test("indentation is kept where it is what the editor writes", () => {
  assert.ok(keepsIndentation("    a\n        b", { insertSpaces: true, tabSize: 4 }));
  assert.ok(keepsIndentation("\ta\n\t * b", { insertSpaces: false, tabSize: 4 }));
  assert.ok(!keepsIndentation("\ta", { insertSpaces: true, tabSize: 4 }));
  assert.ok(!keepsIndentation("    a", { insertSpaces: false, tabSize: 4 }));
});

test("a snippet stays one only in the active editor, and if it is inserted as it is", () => {
  const edited = (active: TextEditor | undefined) => {
    const [change] = withSafeSnippets(PARAMS, active).edit.documentChanges ?? [];
    return change && "edits" in change ? change.edits : [];
  };
  assert.deepEqual(edited(editor("file:///a.py", false)), PARAMS.edit.documentChanges[0]?.edits);
  const text = [{ range: RANGE, newText: "\tcost ${x}: TODO: describe. \\\n" }];
  for (const other of [editor("file:///a.py", true), editor("file:///b.py", false), undefined]) {
    assert.deepEqual(edited(other), text);
  }
});
