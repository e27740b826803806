/** Why the last requests of a document gave what they gave: a page made from `assist.why`. */

import {
  commands,
  type Disposable,
  EventEmitter,
  type TextDocumentContentProvider,
  Uri,
  workspace,
} from "vscode";
import type { Execute } from "./summaries";

const SCHEME = "assist-why";

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

export class Answers implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly registration = workspace.registerTextDocumentContentProvider(SCHEME, this);
  private page = "";

  readonly onDidChange = this.changed.event;

  constructor(private readonly execute: Execute) {}

  dispose(): void {
    this.registration.dispose();
  }

  provideTextDocumentContent(): string {
    return this.page;
  }

  /** Shows the last answers for a document beside it. */
  async show(document: Uri): Promise<void> {
    const answers = await this.execute<Answer[]>("assist.why", document.toString());
    this.page = render(document, answers);
    const uri = Uri.from({ scheme: SCHEME, path: "/Why.md" });
    this.changed.fire(uri);
    await commands.executeCommand("markdown.showPreviewToSide", uri);
  }
}

function render(document: Uri, answers: readonly Answer[]): string {
  const title = `# The last answers for ${cell(document.path.split("/").at(-1) ?? "")}`;
  if (answers.length === 0) {
    return `${title}\n\nNothing was asked for this document yet.\n`;
  }
  const head = [
    "| Request | Answer | Time | First token after | Read | Written | Model |",
    "| --- | --- | --: | --: | --: | --: | --- |",
  ];
  return [title, "", "Newest first.", "", ...head, ...answers.map(row), ""].join("\n");
}

function row(answer: Answer): string {
  const outcome = [answer.outcome, answer.detail].filter(Boolean).join(": ");
  const cells = [
    answer.method.replace("textDocument/", ""),
    outcome,
    milliseconds(answer.milliseconds),
    answer.first_token_ms === null ? "" : milliseconds(answer.first_token_ms),
    `${answer.prompt_tokens.toFixed(0)} tokens`,
    `${answer.new_tokens.toFixed(0)} tokens`,
    answer.model,
  ];
  return `| ${cells.map(cell).join(" | ")} |`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

/** Text that stays text in a table of Markdown. */
function cell(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, "\\$&").replace(/\s+/g, " ");
}
