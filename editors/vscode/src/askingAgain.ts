/** Repeats a request that came before the model was ready, if nothing has changed since. */

import {
  commands,
  type InlineCompletionContext,
  InlineCompletionTriggerKind,
  type Position,
  type TextDocument,
  window,
} from "vscode";

export class AskingAgain {
  private early: { document: TextDocument; version: number; position: Position } | undefined;
  private isAsking = false;

  /** Notes a request, and returns the context to send. */
  note(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
    isReady: boolean,
  ): InlineCompletionContext {
    const { version } = document;
    this.early = isReady ? undefined : { document, version, position };
    if (!this.isAsking) {
      return context;
    }
    // The user did not ask: as an automatic request, it gives no completion of low confidence.
    this.isAsking = false;
    const { selectedCompletionInfo } = context;
    return { triggerKind: InlineCompletionTriggerKind.Automatic, selectedCompletionInfo };
  }

  /** Repeats the request if the user is still at the same place. */
  async again(): Promise<void> {
    const { early } = this;
    this.early = undefined;
    const editor = window.activeTextEditor;
    const isThere =
      early?.document === editor?.document &&
      early?.version === editor?.document.version &&
      editor?.selection.isEmpty &&
      early?.position.isEqual(editor.selection.active);
    if (isThere) {
      this.isAsking = true;
      try {
        await commands.executeCommand("editor.action.inlineSuggest.trigger");
      } finally {
        this.isAsking = false;
      }
    }
  }
}
