/** Finding the server: by the setting, in the workspace's environment, on PATH, in our own. */

import { accessSync, constants } from "node:fs";
import * as path from "node:path";
import { extensions, Uri, workspace } from "vscode";
import { ownSettings } from "./settings";

const PROGRAM = "assist-server";
const ENVIRONMENT_FOLDERS = [".venv", "venv"];
const IS_WINDOWS = process.platform === "win32";

/** The command that starts the server; arguments are appended. */
export interface ServerProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Where it was found, to be shown to the user. */
  readonly origin: string;
}

/** Returns the first server that exists, or undefined. */
export async function findServer(ownEnvironment: string): Promise<ServerProgram | undefined> {
  const [command, ...args] = ownSettings().command;
  if (command) {
    return { command, args, origin: "the setting assist.server.command" };
  }
  const candidates = [
    ...(await workspaceEnvironments()).map((folder) => inEnvironment(folder)),
    ...pathFolders().map((folder) => path.join(folder, executable(PROGRAM))),
    inEnvironment(ownEnvironment),
  ];
  const found = candidates.find(isExecutable);
  return found ? { command: found, args: [], origin: path.dirname(found) } : undefined;
}

/** Returns the path of a program in a Python environment. */
export function inEnvironment(folder: string, name = PROGRAM): string {
  return path.join(folder, IS_WINDOWS ? "Scripts" : "bin", executable(name));
}

/** Returns the full path of a program on PATH, or undefined. */
export function onPath(name: string): string | undefined {
  return pathFolders()
    .map((folder) => path.join(folder, executable(name)))
    .find(isExecutable);
}

/** Returns the workspace's Python environments; their programs are run only if it is trusted. */
async function workspaceEnvironments(): Promise<string[]> {
  if (!workspace.isTrusted) {
    return [];
  }
  const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const chosen = await Promise.all(folders.map(({ uri }) => chosenEnvironment(uri)));
  const usual = folders.flatMap(({ uri }) =>
    ENVIRONMENT_FOLDERS.map((name) => path.join(uri.fsPath, name)),
  );
  return [...chosen.filter((folder) => folder !== undefined), ...usual];
}

/** The part of the Python extension's interface that is used here. */
interface PythonExtension {
  environments?: {
    getActiveEnvironmentPath(resource: Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<
      { executable: { sysPrefix?: string } } | undefined
    >;
  };
}

/** Returns the environment chosen in the Python extension, if that is installed. */
async function chosenEnvironment(folder: Uri): Promise<string | undefined> {
  const python = extensions.getExtension<PythonExtension>("ms-python.python");
  if (!python) {
    return undefined;
  }
  try {
    const { environments } = await python.activate();
    const resolved = await environments?.resolveEnvironment(
      environments.getActiveEnvironmentPath(folder),
    );
    return resolved?.executable.sysPrefix;
  } catch {
    return undefined; // an error of another extension: look elsewhere
  }
}

function pathFolders(): string[] {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  // A relative entry would be looked up in the folder that happens to be open.
  return folders.filter((folder) => path.isAbsolute(folder));
}

function executable(name: string): string {
  return IS_WINDOWS ? `${name}.exe` : name;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
