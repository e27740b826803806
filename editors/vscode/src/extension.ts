/** Creates the parts of the extension, and registers its commands. */

import { commands, type ExtensionContext, type TextEditor, Uri, window, workspace } from "vscode";
import { AnswerPanel } from "./answerPanel";
import { showAnswers } from "./answers";
import { Assistant, type Stream } from "./assistant";
import { describe } from "./description";
import { createEnvironment } from "./environment";
import { chooseModel } from "./models";
import { Problems } from "./problems";
import { positionOf } from "./protocol";
import { isRefusal, Problem, reasonOf, sentenceFrom } from "./sentences";
import { serverKeys } from "./settingKeys";
import { State } from "./state";
import { createStatusBarItem, showMenu } from "./statusBar";
import { type Execute, Summaries } from "./summaries";
import { TaskRunner } from "./taskRunner";

let assistant: Assistant | undefined;

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("Assist", { log: true });
  const state = new State();
  const problems = new Problems();
  const ownEnvironment = Uri.joinPath(context.globalStorageUri, "environment").fsPath;
  const keys = serverKeys(context.extension.packageJSON);
  const execute: Execute = (command, ...args) => running.execute(command, ...args);
  const panel = new AnswerPanel();
  const summaries = new Summaries(execute, panel);
  const stream: Stream = (...call) => running.stream(...call);
  const tasks = new TaskRunner(execute, stream, panel);
  const running = new Assistant(state, problems, log, keys, ownEnvironment, {
    showSummary: (uri, range) => summaries.show(uri, range),
    showTask: (name, uri, range) => tasks.start(name, uri, range),
    report,
  });
  assistant = running;

  const actions: Record<string, () => unknown> = {
    "assist.generateDocumentation": () =>
      withEditor(({ document, selection }) =>
        execute("assist.document", document.uri.toString(), positionOf(selection.active)),
      ),
    "assist.documentFile": () =>
      withEditor(({ document }) => execute("assist.documentAll", document.uri.toString())),
    "assist.summarizeSelection": () =>
      withEditor((editor) => summaries.showSelected(editor)),
    "assist.runTask": () => withEditor((editor) => tasks.choose(editor)),
    "assist.keepChange": () => tasks.keep(),
    "assist.discardChange": () => tasks.end(),
    "assist.askAgain": () => tasks.again(),
    "assist.insertAnswer": () => tasks.insert(),
    "assist.replaceWithAnswer": () => tasks.replace(),
    "assist.copyAnswer": () => tasks.copy(),
    "assist.insertSummaryAsComment": () => summaries.insert(),
    "assist.copySummary": () => summaries.copy(),
    "assist.explainAnswers": () =>
      withEditor(({ document }) => showAnswers(execute, panel, document, keys)),
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
    "assist.chooseTextModel": async () => chooseModel(await running.program(), log, "text_model"),
    "assist.openLog": () => {
      log.show();
    },
    "assist.openSettings": () =>
      commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`),
    "assist.showMenu": () => {
      const { isError, reason } = describe(state);
      if (isError) {
        problems.showAgain(reason); // the menu cuts a long sentence off
      }
      return showMenu(state);
    },
  };
  for (const [name, action] of Object.entries(actions)) {
    context.subscriptions.push(commands.registerCommand(name, () => report(action)));
  }
  context.subscriptions.push(
    log,
    state,
    running,
    summaries,
    tasks,
    panel,
    createStatusBarItem(state),
    workspace.onDidGrantWorkspaceTrust(() => running.restart()),
  );
  void running.restart();

  /** Runs an action of the user, and shows its failure every time, even if it is known. */
  async function report(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      const sentence = error instanceof Problem ? error.message : sentenceFrom(reasonOf(error));
      if (isRefusal(error)) {
        void window.showInformationMessage(sentence);
        return;
      }
      log.error(reasonOf(error));
      problems.forget();
      problems.show(sentence);
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
