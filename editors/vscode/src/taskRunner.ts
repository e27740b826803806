/** Running tasks: the user chooses one, sees its answer while it is written, and says what becomes of it. */

import {
  CancellationTokenSource,
  commands,
  Disposable,
  env,
  ProgressLocation,
  Range,
  Selection,
  type TextDocument,
  type TextEditor,
  TextEditorRevealType,
  type Uri,
  window,
  workspace,
  WorkspaceEdit,
} from "vscode";
import type { AnswerPanel } from "./answerPanel";
import type { Stream } from "./assistant";
import { type ProtocolRange, rangeOf } from "./protocol";
import { isCancelled, Problem, sentenceFrom } from "./sentences";
import type { Execute } from "./summaries";
import { TaskPreview } from "./taskPreview";
import {
  answerKind,
  grown,
  needsWords,
  type PartialAnswer,
  type TaskAnswer,
  taskItems,
  type TaskList,
  taskPage,
  titleOf,
} from "./tasks";

const NOTE_MS = 3000;
const IS_WHOLE = "assist.isChangeWhole";

/** A task that was started last. */
interface Run {
  readonly name: string;
  readonly document: TextDocument;
  readonly range: Range;
  readonly words: string;
  /** The document when the task began. */
  readonly version: number;
  readonly text: string;
  readonly cancel: CancellationTokenSource;
  written: string;
  replaced: ProtocolRange | undefined;
  /** True once something of the answer was shown: what the user closes is not opened again. */
  isShown: boolean;
  answer?: TaskAnswer;
  /** What is being shown of it. */
  showing?: Promise<void>;
}

export class TaskRunner implements Disposable {
  private readonly preview = new TaskPreview();
  private readonly parts: Disposable;
  private run: Run | undefined;

  constructor(
    private readonly execute: Execute,
    private readonly stream: Stream,
    private readonly panel: AnswerPanel,
  ) {
    this.parts = Disposable.from(
      this.preview,
      this.preview.onDidClose(() => {
        this.run?.cancel.cancel();
      }),
      panel.onDidClose(() => {
        if (!this.run?.replaced) {
          this.run?.cancel.cancel();
        }
      }),
    );
  }

  dispose(): void {
    this.parts.dispose();
  }

  /** Asks for a task, and for words if it needs some, and runs it on the selection. */
  async choose({ document, selection }: TextEditor): Promise<void> {
    const list = await this.execute<TaskList>("assist.tasks");
    const [problem] = list.problems;
    const title = "Run a task";
    const placeHolder = problem ?? "On the selection, or on the definition or paragraph at the cursor";
    const chosen = await window.showQuickPick(taskItems(list), { title, placeHolder });
    if (!chosen) {
      return;
    }
    const { task } = chosen;
    if (!task) {
      await commands.executeCommand("assist.chooseTextModel");
      return;
    }
    const prompt = "What is to be done?";
    const words = needsWords(task) ? await window.showInputBox({ title: task.title, prompt }) : "";
    if (words !== undefined) {
      await this.start(task.name, document.uri, selection, words);
    }
  }

  /** Runs a task on a range; a task that runs already is cancelled. */
  async start(name: string, uri: Uri, range: Range, words = "", isAgain = false): Promise<void> {
    await this.end();
    const document = await workspace.openTextDocument(uri);
    const cancel = new CancellationTokenSource();
    const run: Run = {
      ...{ name, document, range, words, cancel },
      ...{ version: document.version, text: document.getText() },
      ...{ written: "", replaced: undefined, isShown: false },
    };
    this.run = run;
    await commands.executeCommand("setContext", IS_WHOLE, false);
    try {
      const answer = await this.ask(run, isAgain);
      if (!cancel.token.isCancellationRequested) {
        run.answer = answer;
        await this.finish(run, answer);
        return;
      }
    } catch (error) {
      if (!isCancelled(error)) {
        await this.endIfLast(run);
        throw error;
      }
    }
    await this.endIfLast(run);
    await this.tellCancelled(run);
  }

  private async endIfLast(run: Run): Promise<void> {
    if (run === this.run) {
      await this.end();
    }
  }

  /** Asks the server, with a cancel button, and shows the answer while it is written. */
  private async ask(run: Run, isAgain: boolean): Promise<TaskAnswer> {
    const { name, document, range, words, cancel } = run;
    const args = [name, document.uri.toString(), rangeOf(range), words, isAgain];
    const take = (more: PartialAnswer): void => {
      run.replaced ??= more.replaced;
      run.written = grown(run.written, more);
      run.showing ??= this.show(run).finally(() => {
        delete run.showing;
      });
    };
    const options = { location: ProgressLocation.Notification, title: titleOf(name), cancellable: true };
    return window.withProgress(options, (_, button) => {
      button.onCancellationRequested(() => {
        cancel.cancel();
      });
      return this.stream<TaskAnswer>("assist.previewTask", args, take, cancel.token);
    });
  }

  /** Says why there is no more of an answer that was shown while it was written. */
  private async tellCancelled(run: Run): Promise<void> {
    await run.showing;
    if (run.written && !run.replaced && !this.run) {
      const page = taskPage({ markdown: run.written, note: "the task was cancelled" });
      await this.panel.update(page);
    }
  }

  /** Applies the edit of the answer. */
  async keep(): Promise<void> {
    const edit = this.run?.answer?.edit;
    if (edit) {
      await this.change(edit.range, edit.newText);
    }
  }

  /** Asks for another answer. */
  async again(): Promise<void> {
    if (this.run) {
      const { name, document, range, words } = this.run;
      this.refuseChange();  // the range would be about another text
      await this.start(name, document.uri, range, words, true);
    }
  }

  /** Closes the preview; a task that runs is cancelled. */
  async end(): Promise<void> {
    const { run } = this;
    this.run = undefined;
    run?.cancel.cancel();
    await run?.showing; // a comparison that is being opened could not be closed yet
    await this.preview.close();
  }

  /** Writes the answer below its text. */
  async insert(): Promise<void> {
    const { answer, document } = this.run ?? {};
    if (answer && !answer.edit && document) {
      const { end } = document.lineAt(Math.min(answer.range.end.line, document.lineCount - 1)).range;
      await this.change({ start: end, end }, `\n${answer.code}`);
    }
  }

  /** Writes the answer in the place of its text. */
  async replace(): Promise<void> {
    const answer = this.run?.answer;
    if (answer && !answer.edit) {
      await this.change(answer.range, answer.code);
    }
  }

  async copy(): Promise<void> {
    const answer = this.run?.answer;
    if (answer) {
      await env.clipboard.writeText(answer.text);
      window.setStatusBarMessage("The answer was copied", NOTE_MS);
    }
  }

  /** Shows what is written so far, one state after the other, as fast as the editor can. */
  private async show(run: Run): Promise<void> {
    const isWanted = (): boolean =>
      run === this.run && !run.answer && !run.cancel.token.isCancellationRequested;
    for (let shown: string | undefined; isWanted() && shown !== run.written; ) {
      const isFirst = !run.isShown;
      run.isShown = true;
      shown = run.written;
      if (run.replaced) {
        const content = changed(run, run.replaced, shown);
        if (isFirst) {
          await this.open(run, content);
        } else {
          this.preview.update(content);
        }
      } else {
        await (isFirst ? this.panel.show("draft", titleOf(run.name), shown) : this.panel.update(shown));
      }
    }
  }

  /** Shows a complete answer. */
  private async finish(run: Run, answer: TaskAnswer): Promise<void> {
    await run.showing;
    if (run !== this.run || run.cancel.token.isCancellationRequested) {
      return; // closed, perhaps just now
    }
    if (!answer.edit) {
      await this.preview.close();
      await this.panel.show(answerKind(answer), answer.title, taskPage(answer));
      return;
    }
    const content = changed(run, answer.edit.range, answer.edit.newText);
    if (this.preview.isOpen) {
      this.preview.update(content);
    } else {
      await this.open(run, content);
    }
    await commands.executeCommand("setContext", IS_WHOLE, true);
    if (answer.note) {
      void window.showInformationMessage(sentenceFrom(answer.note));
    }
  }

  private async open({ name, document }: Run, content: string): Promise<void> {
    const file = document.uri.path.split("/").at(-1) ?? "";
    await this.preview.open(document, content, `${titleOf(name)}: ${file}`);
  }

  /** Changes the document, in one step to undo, if it is as it was when the task began. */
  private async change(range: ProtocolRange, newText: string): Promise<void> {
    const changedDocument = this.refuseChange();
    await this.preview.close();
    const edit = new WorkspaceEdit();
    edit.replace(changedDocument.uri, toRange(range), newText);
    await workspace.applyEdit(edit);
    // A selection would grow with the text, and what is typed next would replace all of it.
    const { start } = toRange(range);
    for (const editor of window.visibleTextEditors.filter(({ document }) => document === changedDocument)) {
      editor.selection = new Selection(start, start);
      editor.revealRange(editor.selection, TextEditorRevealType.InCenterIfOutsideViewport);
    }
  }

  /** Returns the document if it is as it was when the task began. */
  private refuseChange(): TextDocument {
    const { document, version } = this.run ?? {};
    if (!document || document.version !== version) {
      throw new Problem("The document changed meanwhile: copy the answer, or run the task again.");
    }
    return document;
  }
}

function toRange({ start, end }: ProtocolRange): Range {
  return new Range(start.line, start.character, end.line, end.character);
}

/** Returns the text of the document with another text in a range. */
function changed({ document, text, version }: Run, range: ProtocolRange, newText: string): string {
  if (document.version !== version) {
    return document.getText();  // offsets would be wrong
  }
  const { start, end } = toRange(range);
  return text.slice(0, document.offsetAt(start)) + newText + text.slice(document.offsetAt(end));
}
