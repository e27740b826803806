/** A request that came too early for the model is made again once it is ready, if nothing changed. */

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

  /** Notes a request; the context in which it is to be made. */
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
    // The user did not ask: what is too likely to be wrong is not shown this time either.
    this.isAsking = false;
    const { selectedCompletionInfo } = context;
    return { triggerKind: InlineCompletionTriggerKind.Automatic, selectedCompletionInfo };
  }

  /** Asks where the user still waits. */
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
