/** What goes wrong is told in one sentence with its remedy, once, and no longer than it is true. */

import { commands, window } from "vscode";
import type { Remedies } from "./sentences";

const LOG: Remedies = { "Open Log": "assist.openLog" };

export class Problems {
  private readonly shown = new Map<string, Remedies>();
  private openCount = 0;

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

  /** All is well: what was told before is not true any more. */
  async solved(): Promise<void> {
    this.forget();
    if (this.openCount > 0) {
      // No message can be taken back one by one; those of others stay in the list behind the bell.
      await commands.executeCommand("notifications.hideToasts");
    }
  }

  private async ask(sentence: string, remedies: Remedies): Promise<void> {
    this.openCount += 1;
    const chosen = await window.showErrorMessage(sentence, ...Object.keys(remedies));
    this.openCount -= 1;
    const command = chosen && remedies[chosen];
    if (command) {
      await commands.executeCommand(command);
    }
  }
}
