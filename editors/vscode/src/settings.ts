/** The settings: the server's own, as far as the user set them, and those of this extension. */

import { type ConfigurationScope, workspace } from "vscode";
import { SECTION, type ServerKeys, valueThatIsSet } from "./settingKeys";

/**
 * What the user set, and nothing else: a default that was sent would win over the user's and the
 * project's files, which the server reads itself.
 */
export function settingsThatAreSet(
  keys: ServerKeys,
  scope?: ConfigurationScope,
): Record<string, unknown> {
  const configuration = workspace.getConfiguration(SECTION, scope ?? null);
  const set = keys.map((key) => [key, valueThatIsSet(configuration.inspect(key))] as const);
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
