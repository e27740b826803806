/** Problems as sentences for the user. */

const REQUEST_CANCELLED = -32800;

/** Buttons: their labels, and the commands that they run. */
export type Remedies = Readonly<Record<string, string>>;

/** A failure that the user can do something about; its message is the sentence to show. */
export class Problem extends Error {}

/** Returns a reason as a sentence, whether or not it ends with a full stop. */
export function sentenceFrom(reason: string): string {
  return `assist-server: ${reason.replace(/[.\s]+$/, "")}.`;
}

/** Returns the reason from any thrown value. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns the sentence to show if no server was found, and its remedies. */
export function notFound(isTrusted: boolean): { sentence: string; remedies: Remedies } {
  const where = isTrusted ? "" : "trust this workspace if its Python environment has it, ";
  return {
    sentence: `assist-server was not found: install it, ${where}or name it in the setting assist.server.command.`,
    remedies: {
      Install: "assist.createEnvironment",
      ...(!isTrusted && { "Manage Trust": "workbench.trust.manage" }),
      Settings: "assist.openSettings",
    },
  };
}

/** Returns whether an error is a refusal of the server: there is nothing to do here. */
export function isRefusal(error: unknown): boolean {
  const data = error instanceof Error && "data" in error ? error.data : undefined;
  return typeof data === "object" && data !== null && "isRefusal" in data;
}

/** Returns whether an error says that a request was cancelled, by whatever button. */
export function isCancelled(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === REQUEST_CANCELLED;
}
