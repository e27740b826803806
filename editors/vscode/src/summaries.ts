/** Summaries of selections: they are shown, copied, and inserted above their text as a comment. */

import {
  type Disposable,
  env,
  Range,
  type TextDocumentChangeEvent,
  type TextEditor,
  type Uri,
  window,
  workspace,
} from "vscode";
import type { AnswerPanel } from "./answerPanel";
import { move, origin, type Place } from "./place";
import { rangeOf } from "./protocol";

interface Summary {
  readonly markdown: string;
}

interface ShownSummary {
  readonly markdown: string;
  readonly place: Place;
}

const NOTE_MS = 3000;

/** Runs a command of the server. */
export type Execute = <T>(command: string, ...args: readonly unknown[]) => Promise<T>;

export class Summaries implements Disposable {
  private readonly watched = workspace.onDidChangeTextDocument((change) => {
    this.follow(change);
  });
  private readonly followed = new Set<Place>();
  private shown: ShownSummary | undefined;

  constructor(
    private readonly execute: Execute,
    private readonly panel: AnswerPanel,
  ) {}

  dispose(): void {
    this.watched.dispose();
  }

  /** Summarizes the selection, or the whole document if nothing is selected. */
  async showSelected({ document, selection }: TextEditor): Promise<void> {
    const end = document.lineAt(document.lineCount - 1).range.end;
    await this.show(document.uri, selection.isEmpty ? new Range(0, 0, end.line, end.character) : selection);
  }

  /** Summarizes a range and shows the result. */
  async show(uri: Uri, range: Range): Promise<void> {
    const document = await workspace.openTextDocument(uri);
    const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
    const place = { document, start, end };
    this.followed.add(place);
    try {
      const args = [uri.toString(), rangeOf(range)] as const;
      const { markdown } = await this.execute<Summary>("assist.summarize", ...args);
      if (this.shown) {
        this.followed.delete(this.shown.place);
      }
      this.shown = { markdown, place };
      await this.panel.show("summary", "Summary", `${markdown}\n\n---\n\n${origin(uri.path, range)}\n`);
    } catch (error) {
      this.followed.delete(place);
      throw error;
    }
  }

  async copy(): Promise<void> {
    if (this.shown) {
      await env.clipboard.writeText(this.shown.markdown);
      window.setStatusBarMessage("The summary was copied", NOTE_MS);
    }
  }

  /** Has the server insert the summary above the text as a comment. */
  async insert(): Promise<void> {
    if (this.shown) {
      const { document, start, end } = this.shown.place;
      const range = new Range(document.positionAt(start), document.positionAt(end));
      await this.execute("assist.insertSummary", document.uri.toString(), rangeOf(range));
    }
  }

  private follow({ document, contentChanges }: TextDocumentChangeEvent): void {
    for (const place of this.followed) {
      for (const change of document === place.document ? contentChanges : []) {
        move(place, change);
      }
    }
  }
}
