/** Summaries in a peek below the text that they are about, rendered, with buttons. */

import {
  type Comment,
  CommentMode,
  type CommentThread,
  CommentThreadCollapsibleState,
  comments,
  type Disposable,
  env,
  MarkdownString,
  type Range,
  type Uri,
} from "vscode";
import { rangeOf } from "./protocol";

interface Summary {
  readonly markdown: string;
  readonly method: string;
}

export type Execute = <T>(command: string, ...args: readonly unknown[]) => Promise<T>;

export class Summaries implements Disposable {
  private readonly controller = comments.createCommentController("assist.summaries", "Summaries");
  private thread: CommentThread | undefined;
  private markdown = "";

  constructor(private readonly execute: Execute) {}

  dispose(): void {
    this.controller.dispose();
  }

  /** Summarizes a range and shows the result; the summary before it is closed. */
  async show(uri: Uri, range: Range): Promise<void> {
    const summary = await this.execute<Summary>("assist.summarize", uri.toString(), rangeOf(range));
    this.close();
    const body = new MarkdownString(summary.markdown);
    const comment: Comment = {
      body,
      mode: CommentMode.Preview,
      author: { name: `by ${summary.method}` },
    };
    // The peek opens below the last line of its range, where the selection ends.
    this.thread = this.controller.createCommentThread(uri, range, [comment]);
    this.thread.label = "Summary";
    this.thread.canReply = false;
    this.thread.collapsibleState = CommentThreadCollapsibleState.Expanded;
    this.markdown = summary.markdown;
  }

  close(): void {
    this.thread?.dispose();
    this.thread = undefined;
  }

  async copy(): Promise<void> {
    await env.clipboard.writeText(this.markdown);
  }

  /** Lets the server put the summary above the text as a comment. */
  async insert(): Promise<void> {
    const { thread } = this;
    if (thread?.range) {
      this.close();
      await this.execute("assist.insertSummary", thread.uri.toString(), rangeOf(thread.range));
    }
  }
}
