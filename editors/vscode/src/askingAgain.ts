/** Repeats what got no answer as the server or its model was not ready, if nothing has changed since. */

import {
  commands,
  type Disposable,
  type InlineCompletionContext,
  InlineCompletionTriggerKind,
  type Position,
  type TextDocument,
  type TextDocumentChangeEvent,
  window,
  workspace,
} from "vscode";

interface Place {
  readonly document: TextDocument;
  readonly version: number;
  readonly position: Position;
}

export class AskingAgain implements Disposable {
  private unanswered: Place | undefined;
  private isAsking = false;
  // While no server runs, the editor does not ask at all.
  private readonly watched = workspace.onDidChangeTextDocument((change) => {
    this.noteTyping(change);
  });

  dispose(): void {
    this.watched.dispose();
  }

  /** Notes a request, and returns the context to send. */
  note(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
  ): InlineCompletionContext {
    if (!this.isAsking) {
      this.unanswered = { document, version: document.version, position };
      return context;
    }
    // The user did not ask: as an automatic request, it gives no completion of low confidence.
    this.isAsking = false;
    const { selectedCompletionInfo } = context;
    return { triggerKind: InlineCompletionTriggerKind.Automatic, selectedCompletionInfo };
  }

  /** Notes that the request at a position, the very object, was answered. */
  noteAnswer(position: Position): void {
    if (this.unanswered?.position === position) {
      this.unanswered = undefined;
    }
  }

  /** Repeats the request if the user is still at the same place. */
  async again(): Promise<void> {
    const { unanswered } = this;
    this.unanswered = undefined;
    const editor = window.activeTextEditor;
    const isThere =
      unanswered?.document === editor?.document &&
      unanswered?.version === editor?.document.version &&
      editor?.selection.isEmpty &&
      unanswered?.position.isEqual(editor.selection.active);
    if (isThere) {
      this.isAsking = true;
      try {
        await commands.executeCommand("editor.action.inlineSuggest.trigger");
      } finally {
        this.isAsking = false;
      }
    }
  }

  private noteTyping({ document, contentChanges, reason }: TextDocumentChangeEvent): void {
    const [change] = contentChanges;
    const isTyping = contentChanges.length === 1 && change?.text !== "" && reason === undefined;
    if (change && isTyping && document === window.activeTextEditor?.document) {
      const position = document.positionAt(change.rangeOffset + change.text.length);
      this.unanswered = { document, version: document.version, position };
    }
  }
}
