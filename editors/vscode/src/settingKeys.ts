/** The names of the settings, and which of their values count. */

export const SECTION = "assist";

const OWN_PREFIX = `${SECTION}.server.`;

/** Keys of the server's settings, without the section. */
export type ServerKeys = readonly string[];

/** What the server has to know before it says what it can do; all else it asks for. */
export const KEYS_FOR_START: ServerKeys = ["completion.menu"];

interface Manifest {
  contributes: { configuration: { properties: Record<string, unknown> }[] };
}

/** The server's settings that this extension's manifest declares. */
export function serverKeys(manifest: unknown): ServerKeys {
  return (manifest as Manifest).contributes.configuration
    .flatMap((table) => Object.keys(table.properties))
    .filter((key) => !key.startsWith(OWN_PREFIX))
    .map((key) => key.slice(SECTION.length + 1));
}

/** What an editor knows of a setting's values. */
export interface Values {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/** The value that the user set, the nearest to the document; undefined where there is none. */
export function valueThatIsSet(values: Values | undefined): unknown {
  return values?.workspaceFolderValue ?? values?.workspaceValue ?? values?.globalValue ?? undefined;
}
