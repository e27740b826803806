/** What goes wrong, as a sentence for people. */

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

/** Whether the server says what cannot be done here, rather than that something is broken. */
export function isRefusal(error: unknown): boolean {
  const data = error instanceof Error && "data" in error ? error.data : undefined;
  return typeof data === "object" && data !== null && "isRefusal" in data;
}
