/** Puts the parts together, and gives them commands. */

import { commands, type ExtensionContext, type TextEditor, Uri, window, workspace } from "vscode";
import { Answers } from "./answers";
import { Assistant } from "./assistant";
import { describe } from "./description";
import { createEnvironment } from "./environment";
import { chooseModel } from "./models";
import { Problem, Problems } from "./problems";
import { reasonOf } from "./process";
import { positionOf } from "./protocol";
import { serverKeys } from "./settings";
import { State } from "./state";
import { createStatusBarItem, showMenu } from "./statusBar";
import { type Execute, Summaries } from "./summaries";

let assistant: Assistant | undefined;

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("Assist", { log: true });
  const state = new State();
  const problems = new Problems();
  const ownEnvironment = Uri.joinPath(context.globalStorageUri, "environment").fsPath;
  const keys = serverKeys(context.extension.packageJSON);
  const execute: Execute = (command, ...args) => running.execute(command, ...args);
  const summaries = new Summaries(execute);
  const answers = new Answers(execute);
  const running = new Assistant(state, problems, log, keys, ownEnvironment, (uri, range) =>
    summaries.show(uri, range),
  );
  assistant = running;

  const actions: Record<string, () => unknown> = {
    "assist.generateDocumentation": () =>
      withEditor(({ document, selection }) =>
        execute("assist.document", document.uri.toString(), positionOf(selection.active)),
      ),
    "assist.summarizeSelection": () =>
      withEditor(({ document, selection }) => summaries.show(document.uri, selection)),
    "assist.insertSummaryAsComment": () => summaries.insert(),
    "assist.copySummary": () => summaries.copy(),
    "assist.explainAnswers": () => withEditor(({ document }) => answers.show(document.uri)),
    "assist.pause": () => {
      state.isPaused = true;
      return commands.executeCommand("editor.action.inlineSuggest.hide");
    },
    "assist.resume": () => {
      state.isPaused = false;
    },
    "assist.restartServer": () => running.restart(),
    "assist.createEnvironment": async () => {
      if (await createEnvironment(ownEnvironment, log)) {
        await running.restart();
      }
    },
    "assist.chooseModel": async () => chooseModel(await running.program(), log),
    "assist.openLog": () => {
      log.show();
    },
    "assist.openSettings": () =>
      commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`),
    "assist.showMenu": () => {
      const { isError, reason } = describe(state);
      if (isError) {
        problems.showAgain(reason); // the menu has room for its beginning only
      }
      return showMenu(state);
    },
  };
  for (const [name, action] of Object.entries(actions)) {
    context.subscriptions.push(commands.registerCommand(name, () => report(action)));
  }
  context.subscriptions.push(
    log,
    running,
    summaries,
    answers,
    createStatusBarItem(state),
    workspace.onDidGrantWorkspaceTrust(() => running.restart()),
  );
  void running.restart();

  /** What an action of the user could not do is told every time, as it was asked for. */
  async function report(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      log.error(reasonOf(error));
      problems.forget();
      problems.show(error instanceof Problem ? error.message : `assist-server: ${reasonOf(error)}.`);
    }
  }
}

export async function deactivate(): Promise<void> {
  await assistant?.stop();
}

/** Acts on the editor with the cursor, or on the one beside the page that has the focus. */
async function withEditor(action: (editor: TextEditor) => Promise<unknown>): Promise<void> {
  const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
  if (editor) {
    await action(editor);
  }
}
