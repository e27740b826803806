/** What goes wrong, as a sentence for people. */

/** Buttons: what they say, and the commands behind them. */
export type Remedies = Readonly<Record<string, string>>;

/** A failure that the user can do something about; its message is the sentence to show. */
export class Problem extends Error {}

/** A reason as a sentence, whether or not it ends as one. */
export function sentenceFrom(reason: string): string {
  return `assist-server: ${reason.replace(/[.\s]+$/, "")}.`;
}

/** The reason in whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What to say where no server was found, and what may help. */
export function notFound(isTrusted: boolean): { sentence: string; remedies: Remedies } {
  const where = isTrusted ? "" : "trust this workspace if its Python environment has it, ";
  return {
    sentence: `assist-server was not found: let it be installed, ${where}or name it in the setting assist.server.command.`,
    remedies: {
      Install: "assist.createEnvironment",
      ...(!isTrusted && { "Manage Trust": "workbench.trust.manage" }),
      Settings: "assist.openSettings",
    },
  };
}

/** Whether the server says what cannot be done here, rather than that something is broken. */
export function isRefusal(error: unknown): boolean {
  const data = error instanceof Error && "data" in error ? error.data : undefined;
  return typeof data === "object" && data !== null && "isRefusal" in data;
}
