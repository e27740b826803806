/** Why the last requests of a document gave what they gave: a page made from `assist.why`. */

import type { Disposable, Uri } from "vscode";
import { escaped, MarkdownPage } from "./markdownPage";
import type { Execute } from "./summaries";

interface Answer {
  readonly method: string;
  readonly outcome: string;
  readonly detail: string;
  readonly prompt_tokens: number;
  readonly new_tokens: number;
  readonly milliseconds: number;
  readonly first_token_ms: number | null;
  readonly model: string;
}

export class Answers implements Disposable {
  private readonly page = new MarkdownPage("Why", "assist.isWhyActive");

  constructor(private readonly execute: Execute) {}

  dispose(): void {
    this.page.dispose();
  }

  /** Shows the last answers for a document beside it. */
  async show(document: Uri): Promise<void> {
    const answers = await this.execute<Answer[]>("assist.why", document.toString());
    await this.page.show(render(document, answers));
  }
}

function render(document: Uri, answers: readonly Answer[]): string {
  const title = `### The last answers for ${escaped(document.path.split("/").at(-1) ?? "")}`;
  if (answers.length === 0) {
    return `${title}\n\nNothing was asked for this document yet.\n`;
  }
  return `${title}\n\nNewest first.\n\n${answers.map(entry).join("\n")}\n`;
}

function entry(answer: Answer): string {
  const { outcome, detail, first_token_ms: firstToken } = answer;
  const why = detail && `: ${escaped(detail)}`;
  const facts = [
    escaped(`${answer.method.replace("textDocument/", "")} by ${answer.model}`),
    milliseconds(answer.milliseconds) +
      (firstToken === null ? "" : `, ${milliseconds(firstToken)} to the first token`),
    `${answer.prompt_tokens.toFixed(0)} tokens read, ${answer.new_tokens.toFixed(0)} written`,
  ];
  return `1. **${escaped(outcome)}**${why}  \n   ${facts.join(" · ")}`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
