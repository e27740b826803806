/** The settings: the server's own, as far as the user set them, and those of this extension. */

import { type ConfigurationScope, workspace } from "vscode";

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

/**
 * What the user set, and nothing else: a default that was sent would win over the user's and the
 * project's files, which the server reads itself.
 */
export function settingsThatAreSet(
  keys: ServerKeys,
  scope?: ConfigurationScope,
): Record<string, unknown> {
  const configuration = workspace.getConfiguration(SECTION, scope ?? null);
  const set = keys.map((key) => {
    const found = configuration.inspect(key);
    const value =
      found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue ?? undefined;
    return [key, value] as const;
  });
  return Object.fromEntries(set.filter(([, value]) => value !== undefined));
}

/** How the server is found, and how it is installed. */
export interface OwnSettings {
  readonly command: string[];
  readonly python: string;
  readonly package: string;
}

export function ownSettings(): OwnSettings {
  const configuration = workspace.getConfiguration(`${SECTION}.server`);
  return {
    command: configuration.get<string[]>("command", []),
    python: configuration.get<string>("python", ""),
    package: configuration.get<string>("package", ""),
  };
}
