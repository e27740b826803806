/** Tasks for a chat model, as the server lists them, and their answers. */

import type { QuickPickItem } from "vscode";
import { escaped } from "./markdown";

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

export interface TaskAnswer {
  readonly title: string;
  readonly markdown: string;
  readonly applied: boolean;
  /** Why the answer is incomplete, or was not applied. */
  readonly note: string;
}

export interface TaskItem extends QuickPickItem {
  readonly task: Task;
}

const EFFECTS = {
  replace: "replaces the text",
  insert: "writes below",
  show: "shows an answer",
};

/** Returns the entries of the quick pick, by title. */
export function taskItems({ tasks }: TaskList): TaskItem[] {
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

/** Returns the page for an answer; undefined if all of it was applied. */
export function taskPage({ applied, markdown, note }: TaskAnswer): string | undefined {
  if (applied) {
    return undefined;
  }
  return note ? `${markdown}\n\n---\n\n${escaped(note)}\n` : `${markdown}\n`;
}
