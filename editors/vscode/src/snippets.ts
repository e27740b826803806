/** Snippets in the server's edits, where the editor would change their indentation. */

import type { TextEditor } from "vscode";
import type { ApplyWorkspaceEditParams, SnippetTextEdit, TextEdit } from "vscode-languageclient";

/** Returns an edit in which snippets that the active editor would not insert as they are become text. */
export function withSafeSnippets(
  params: ApplyWorkspaceEditParams,
  active: TextEditor | undefined,
): ApplyWorkspaceEditParams {
  const changes = params.edit.documentChanges?.map((change) => {
    if (!("edits" in change)) {
      return change;
    }
    const editor = active?.document.uri.toString() === change.textDocument.uri ? active : undefined;
    return { ...change, edits: change.edits.map((edit) => safe(edit, editor)) };
  });
  return changes ? { ...params, edit: { ...params.edit, documentChanges: changes } } : params;
}

function safe(edit: TextEdit | SnippetTextEdit, editor: TextEditor | undefined) {
  if (!("snippet" in edit)) {
    return edit;
  }
  const text = plain(edit.snippet.value);
  const isKept = editor !== undefined && keepsIndentation(text, editor.options);
  return isKept ? edit : { range: edit.range, newText: text };
}

/** Returns a snippet's text: `${1:words}` is a tab stop, and a backslash stands before `$`, `}`, `\`. */
export function plain(snippet: string): string {
  const parts = /\\([\\$}])|\$\{\d+:([^}]*)\}/g;
  return snippet.replace(parts, (_, literal?: string, words?: string) => literal ?? words ?? "");
}

/** Returns whether an editor leaves the indentation of a snippet's lines as it is. */
export function keepsIndentation(
  text: string,
  { insertSpaces, tabSize }: TextEditor["options"],
): boolean {
  if (typeof tabSize !== "number") {
    return false;
  }
  const changed = insertSpaces === true ? /^ *\t/m : new RegExp(`^\\t* {${String(tabSize)}}`, "m");
  return !changed.test(text);
}
