/** Problems are shown in one sentence with its remedies, once, and hidden when they are solved. */

import { commands, window } from "vscode";
import type { Remedies } from "./sentences";

const LOG: Remedies = { "Open Log": "assist.openLog" };

export class Problems {
  private readonly shown = new Map<string, Remedies>();
  private openCount = 0;

  /** Shows a sentence unless it was shown already. */
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

  /** Forgets what was shown, so that the same problem is shown again. */
  forget(): void {
    this.shown.clear();
  }

  /** Hides what was shown, as it is no longer true. */
  async solved(): Promise<void> {
    this.forget();
    if (this.openCount > 0) {
      // Messages cannot be hidden one by one; others' messages stay in the list of notifications.
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
