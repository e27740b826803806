/** The status bar item: the state, and a menu with its reason and what can be done. */

import {
  type QuickPickItem,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  commands,
  window,
} from "vscode";
import { describe, explain } from "./description";
import type { State } from "./state";

export function createStatusBarItem(state: State): StatusBarItem {
  const item = window.createStatusBarItem("assist.status", StatusBarAlignment.Right, 100);
  item.name = "Assist";
  item.command = "assist.showMenu";
  const show = (): void => {
    const { label, reason, isError } = describe(state);
    item.text = label;
    // Plain text: in Markdown, the spaces would become non-breaking ones.
    item.tooltip = [reason, ...explain(state)].join("\n\n");
    item.backgroundColor = isError ? new ThemeColor("statusBarItem.errorBackground") : undefined;
  };
  state.onDidChange(show);
  show();
  item.show();
  return item;
}

interface MenuItem extends QuickPickItem {
  readonly command?: string;
}

/** Shows the menu: the reason for the state, and what can be done. */
export async function showMenu(state: State): Promise<void> {
  const { reason } = describe(state);
  const isRunning = state.server.kind === "running";
  const always: MenuItem[] = [
    { label: "$(package) Choose a model...", command: "assist.chooseModel" },
    { label: "$(debug-restart) Restart server", command: "assist.restartServer" },
    { label: "$(output) Open log", command: "assist.openLog" },
    { label: "$(gear) Settings", command: "assist.openSettings" },
  ];
  const whileRunning: MenuItem[] = [
    state.isPaused
      ? { label: "$(debug-start) Resume completion", command: "assist.resume" }
      : { label: "$(debug-pause) Pause completion", command: "assist.pause" },
    { label: "$(question) Show why", command: "assist.explainAnswers" },
  ];
  const install = { label: "$(cloud-download) Install the server", command: "assist.createEnvironment" };
  const items: MenuItem[] = [...(isRunning ? whileRunning : [install]), ...always];
  const chosen = await window.showQuickPick(items, { title: "Assist", placeHolder: reason });
  if (chosen?.command) {
    await commands.executeCommand(chosen.command);
  }
}
