/** Tasks for a chat model, as the server lists them, and their answers. */

import type { QuickPickItem } from "vscode";
import type { AnswerKind } from "./answerPanel";
import { escaped } from "./markdown";
import type { ProtocolRange } from "./protocol";
import { sentenceFrom } from "./sentences";

export interface Task {
  readonly name: string;
  readonly title: string;
  readonly kinds: "code" | "text" | "any";
  readonly output: "replace" | "insert" | "show";
  readonly needs: readonly string[];
}

export interface TaskList {
  readonly tasks: readonly Task[];
  /** What is wrong with the user's files of tasks. */
  readonly problems: readonly string[];
  /** Why the model can run no task; empty if it can. */
  readonly reason: string;
}

/** More of an answer while it is written. */
export interface PartialAnswer {
  readonly text: string;
  /** Whether the text takes the place of what came before. */
  readonly restart?: boolean;
  /** What an edit replaces; comes once, and not for an answer to show. */
  readonly replaced?: ProtocolRange;
}

export interface TaskAnswer {
  readonly title: string;
  readonly text: string;
  readonly markdown: string;
  /** The part of the answer to insert, or all of it as a comment; may be empty. */
  readonly code: string;
  /** Whether it may take the place of the text. */
  readonly mayReplace: boolean;
  /** What the task is about. */
  readonly range: ProtocolRange;
  readonly edit: { readonly range: ProtocolRange; readonly newText: string } | null;
  /** Why the answer is incomplete, or makes no edit. */
  readonly note: string;
}

export interface TaskItem extends QuickPickItem {
  /** None for the entry that lets the user choose a model. */
  readonly task?: Task;
}

const EFFECTS = {
  replace: "replaces the text",
  insert: "writes below",
  show: "shows an answer",
};

/** Returns the title of a task whose file is not known. */
export function titleOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");
}

/** Returns the entries of the quick pick, by title; one that says why, if the model can run none. */
export function taskItems({ tasks, reason }: TaskList): TaskItem[] {
  if (reason) {
    return [{ label: "Choose a Chat Model...", detail: sentenceFrom(reason) }];
  }
  const items = tasks.map((task) => ({
    label: task.title,
    description: `${task.name}: ${EFFECTS[task.output]}`,
    task,
  }));
  return items.sort((one, other) => one.label.localeCompare(other.label));
}

/** Returns whether a task needs words of the user. */
export function needsWords(task: Task): boolean {
  return task.needs.includes("instruction");
}

/** Returns an answer so far with what came in. */
export function grown(written: string, { text, restart }: PartialAnswer): string {
  return restart ? text : written + text;
}

/** Returns the page for an answer that makes no edit; its note comes first, as it may be long. */
export function taskPage({ markdown, note }: Pick<TaskAnswer, "markdown" | "note">): string {
  const sentence = `${note.charAt(0).toUpperCase()}${escaped(note.slice(1))}.`;
  return note ? `> **${sentence}**\n\n${markdown}\n` : `${markdown}\n`;
}

/** Returns what the buttons of an answer offer. */
export function answerKind({ code, mayReplace }: Pick<TaskAnswer, "code" | "mayReplace">): AnswerKind {
  if (mayReplace) {
    return "task";
  }
  return code ? "taskRemark" : "taskText";
}
