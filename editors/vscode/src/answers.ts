/** The page of "Show Why": the outcomes of a document's last requests, and their reasons. */

import type { TextDocument } from "vscode";
import type { AnswerPanel } from "./answerPanel";
import { codeBlock, escaped } from "./markdown";
import { SECTION } from "./settingKeys";
import type { Execute } from "./summaries";

export interface Answer {
  readonly method: string;
  readonly outcome: string;
  readonly detail: string;
  readonly prompt_tokens: number;
  readonly new_tokens: number;
  readonly milliseconds: number;
  readonly first_token_ms: number | null;
  readonly model: string;
  readonly text?: string | null;
}

/** Outcomes that only mean that the user went on typing. */
const OVERTAKEN = new Set([
  "cancelled",
  "superseded by a newer request",
  "the document changed meanwhile",
]);

/** Shows the last answers for a document beside it. */
export async function showAnswers(
  execute: Execute,
  panel: AnswerPanel,
  document: TextDocument,
  settings: readonly string[],
): Promise<void> {
  const answers = await execute<Answer[]>("assist.why", document.uri.toString());
  const name = document.uri.path.split("/").at(-1) ?? "";
  await panel.show("why", "Why", render(name, document.languageId, answers, settings));
}

/**
 * @param settings names of the server's settings, which become links
 */
export function render(
  name: string,
  language: string,
  answers: readonly Answer[],
  settings: readonly string[],
): string {
  const title = `### The last answers for ${escaped(name)}`;
  if (answers.length === 0) {
    return `${title}\n\nThere were no requests for this document yet.\n`;
  }
  const entries = grouped(answers).map((group) => entry(group, language, settings));
  return `${title}\n\nNewest first.\n\n${entries.join("\n\n")}\n`;
}

/** Returns groups: neighbouring answers that were overtaken, or one answer each. */
function grouped(answers: readonly Answer[]): Answer[][] {
  const groups: Answer[][] = [];
  for (const answer of answers) {
    const last = groups.at(-1);
    if (last?.[0] && isOvertaken(answer) && isOvertaken(last[0])) {
      last.push(answer);
    } else {
      groups.push([answer]);
    }
  }
  return groups;
}

function isOvertaken({ outcome }: Answer): boolean {
  return OVERTAKEN.has(outcome);
}

function entry(group: Answer[], language: string, settings: readonly string[]): string {
  const [answer] = group;
  if (!answer) {
    return "";
  }
  if (isOvertaken(answer)) {
    const count = group.length === 1 ? "1 request" : `${group.length.toFixed(0)} requests`;
    return `- *${count} overtaken by what was typed next*`;
  }
  const why = answer.detail && `: ${linked(escaped(answer.detail), settings)}`;
  const lines = [`- **${linked(escaped(answer.outcome), settings)}**${why}`];
  if (answer.text) {
    lines.push(codeBlock(answer.text, language));
  }
  lines.push(facts(answer).join(" · "));
  return lines.join("\n\n").replace(/\n(?!\n)/g, "\n  ");
}

function facts({ method, model, ...cost }: Answer): string[] {
  const first = cost.first_token_ms;
  return [
    escaped(`${method.replace("textDocument/", "")} by ${model}`),
    milliseconds(cost.milliseconds) +
      (first === null ? "" : `, ${milliseconds(first)} to the first token`),
    `${cost.prompt_tokens.toFixed(0)} prompt tokens, ${cost.new_tokens.toFixed(0)} new tokens`,
  ];
}

/** Turns the names of settings in escaped text into links to them. */
function linked(text: string, settings: readonly string[]): string {
  const names = settings.filter((name) => name.includes(".")).map(escaped);
  names.sort((one, other) => other.length - one.length);
  const pattern = new RegExp(names.map((name) => name.replace(/[\\.]/g, "\\$&")).join("|"), "g");
  return names.length ? text.replace(pattern, (name) => settingLink(name)) : text;
}

function settingLink(escapedName: string): string {
  const query = `@id:${SECTION}.${escapedName.replaceAll("\\", "")}`;
  const argument = encodeURIComponent(JSON.stringify([query]));
  return `[${escapedName}](command:workbench.action.openSettings?${argument})`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
