/** Running tasks: the user chooses one, and its answer is applied by the server or shown. */

import { type Range, type TextEditor, type Uri, window } from "vscode";
import type { AnswerPanel } from "./answerPanel";
import { rangeOf } from "./protocol";
import { Problem, sentenceFrom } from "./sentences";
import type { Execute } from "./summaries";
import { needsWords, type TaskAnswer, taskItems, type TaskList, taskPage } from "./tasks";

export class TaskRunner {
  constructor(
    private readonly execute: Execute,
    private readonly panel: AnswerPanel,
  ) {}

  /** Asks for a task, and for words if it needs some, and runs it on the selection. */
  async choose({ document, selection }: TextEditor): Promise<void> {
    const list = await this.execute<TaskList>("assist.tasks");
    if (list.reason) {
      throw new Problem(sentenceFrom(list.reason));
    }
    const [problem] = list.problems;
    const title = "Run a task";
    const placeHolder = problem ?? "On the selection, or on the definition or paragraph at the cursor";
    const chosen = await window.showQuickPick(taskItems(list), { title, placeHolder });
    if (!chosen) {
      return;
    }
    const { task } = chosen;
    const prompt = "What is to be done?";
    const words = needsWords(task) ? await window.showInputBox({ title: task.title, prompt }) : "";
    if (words !== undefined) {
      await this.run(task.name, document.uri, selection, words);
    }
  }

  /** Runs a task on a range; the server has the editor apply its edit. */
  async run(name: string, uri: Uri, range: Range, words = ""): Promise<void> {
    const args = [name, uri.toString(), rangeOf(range), words] as const;
    const answer = await this.execute<TaskAnswer>("assist.task", ...args);
    const page = taskPage(answer);
    if (page !== undefined) {
      await this.panel.show("task", answer.title, page);
    } else if (answer.note) {
      void window.showInformationMessage(sentenceFrom(answer.note));
    }
  }
}
