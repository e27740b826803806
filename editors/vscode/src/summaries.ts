/** Summaries of selections: shown, copied, and put above their text as a comment. */

import { type Disposable, env, type Range, type Uri } from "vscode";
import { escaped, MarkdownPage } from "./markdownPage";
import { rangeOf } from "./protocol";

interface Summary {
  readonly markdown: string;
  readonly method: string;
}

interface ShownSummary extends Summary {
  readonly uri: Uri;
  readonly range: Range;
}

/** Runs a command of the server. */
export type Execute = <T>(command: string, ...args: readonly unknown[]) => Promise<T>;

export class Summaries implements Disposable {
  private readonly page = new MarkdownPage("Summary", "assist.isSummaryActive");
  private shown: ShownSummary | undefined;

  constructor(private readonly execute: Execute) {}

  dispose(): void {
    this.page.dispose();
  }

  /** Summarizes a range and shows the result. */
  async show(uri: Uri, range: Range): Promise<void> {
    const summary = await this.execute<Summary>("assist.summarize", uri.toString(), rangeOf(range));
    this.shown = { ...summary, uri, range };
    await this.page.show(`${summary.markdown}\n\n---\n\n${origin(uri, range)}\n`);
  }

  async copy(): Promise<void> {
    if (this.shown) {
      await env.clipboard.writeText(this.shown.markdown);
    }
  }

  /** Lets the server put the summary above the text as a comment. */
  async insert(): Promise<void> {
    if (this.shown) {
      const { uri, range } = this.shown;
      await this.execute("assist.insertSummary", uri.toString(), rangeOf(range));
    }
  }
}

function origin(uri: Uri, { start, end }: Range): string {
  const name = escaped(uri.path.split("/").at(-1) ?? "");
  const lastLine = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return `*${name}, lines ${(start.line + 1).toFixed(0)} to ${lastLine.toFixed(0)}*`;
}
