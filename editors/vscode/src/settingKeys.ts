/** The names of the settings, and which of their values apply. */

export const SECTION = "assist";

const OWN_PREFIX = `${SECTION}.server.`;

/** Keys of the server's settings, without the section. */
export type ServerKeys = readonly string[];

/** Settings that the server needs in `initialize`; it requests the others later. */
export const KEYS_FOR_START: ServerKeys = ["completion.menu"];

interface Manifest {
  contributes: { configuration: { properties: Record<string, unknown> }[] };
}

/** Returns the server's settings that this extension's manifest declares. */
export function serverKeys(manifest: unknown): ServerKeys {
  return (manifest as Manifest).contributes.configuration
    .flatMap((table) => Object.keys(table.properties))
    .filter((key) => !key.startsWith(OWN_PREFIX))
    .map((key) => key.slice(SECTION.length + 1));
}

/** The values of a setting, by where they are set. */
export interface Values {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/** Returns the value that the user set nearest to the document, or undefined. */
export function valueThatIsSet(values: Values | undefined): unknown {
  return values?.workspaceFolderValue ?? values?.workspaceValue ?? values?.globalValue ?? undefined;
}
