/** What goes wrong is told in one sentence with its remedy, once. */

import { commands, window } from "vscode";

/** A failure that the user can do something about; its message is the sentence to show. */
export class Problem extends Error {}

/** Buttons: what they say, and the commands behind them. */
export type Remedies = Readonly<Record<string, string>>;

const LOG: Remedies = { "Open Log": "assist.openLog" };

export class Problems {
  private readonly shown = new Map<string, Remedies>();

  /** Shows a sentence unless it is known already. */
  show(sentence: string, remedies: Remedies = LOG): void {
    if (!this.shown.has(sentence)) {
      this.shown.set(sentence, remedies);
      void this.ask(sentence, remedies);
    }
  }

  /** Shows a sentence because the user asks for it. */
  showAgain(sentence: string): void {
    void this.ask(sentence, this.shown.get(sentence) ?? LOG);
  }

  /** After a success or a wish of the user, the same problem is news again. */
  forget(): void {
    this.shown.clear();
  }

  private async ask(sentence: string, remedies: Remedies): Promise<void> {
    const chosen = await window.showErrorMessage(sentence, ...Object.keys(remedies));
    const command = chosen && remedies[chosen];
    if (command) {
      await commands.executeCommand(command);
    }
  }
}
