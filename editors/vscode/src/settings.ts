/** The settings: the server's own that the user has set, and those of this extension. */

import { type ConfigurationScope, workspace } from "vscode";
import { SECTION, type ServerKeys, valueThatIsSet } from "./settingKeys";

/**
 * Returns only what the user has set: defaults, if sent, would override the user's and the
 * project's files of settings, which the server reads itself.
 */
export function settingsThatAreSet(
  keys: ServerKeys,
  scope?: ConfigurationScope,
): Record<string, unknown> {
  const configuration = workspace.getConfiguration(SECTION, scope ?? null);
  const set = keys.map((key) => [key, valueThatIsSet(configuration.inspect(key))] as const);
  return Object.fromEntries(set.filter(([, value]) => value !== undefined));
}

/** Settings for finding, installing and starting the server. */
export interface OwnSettings {
  readonly command: string[];
  readonly python: string;
  readonly package: string;
  readonly shared: boolean;
}

export function ownSettings(): OwnSettings {
  const configuration = workspace.getConfiguration(`${SECTION}.server`);
  return {
    command: configuration.get<string[]>("command", []),
    python: configuration.get<string>("python", ""),
    package: configuration.get<string>("package", ""),
    shared: configuration.get<boolean>("shared", true),
  };
}
