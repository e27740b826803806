/** Finding the server: by setting, in the workspace's Python environment, on PATH, in our own. */

import { accessSync, constants } from "node:fs";
import * as path from "node:path";
import { extensions, Uri, workspace } from "vscode";
import { ownSettings } from "./settings";

const PROGRAM = "assist-server";
const ENVIRONMENT_FOLDERS = [".venv", "venv"];
const IS_WINDOWS = process.platform === "win32";

/** How to start the server; its verbs are appended. */
export interface ServerProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Where it was found, for people. */
  readonly origin: string;
}

/** The first server that is there, or none. */
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

/** The program of a name in a Python environment. */
export function inEnvironment(folder: string, name = PROGRAM): string {
  return path.join(folder, IS_WINDOWS ? "Scripts" : "bin", executable(name));
}

/** The full path of a program on PATH, if it is there. */
export function onPath(name: string): string | undefined {
  return pathFolders()
    .map((folder) => path.join(folder, executable(name)))
    .find(isExecutable);
}

/** Programs that come with code are run only where the user trusts the code. */
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

/** What of the Python extension's interface is used here. */
interface PythonExtension {
  environments?: {
    getActiveEnvironmentPath(resource: Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<
      { executable: { sysPrefix?: string } } | undefined
    >;
  };
}

/** The environment that the user chose in the Python extension, if that is installed. */
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
    return undefined; // another extension's fault is no reason not to look elsewhere
  }
}

function pathFolders(): string[] {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  // A relative entry would be looked up in whatever folder happens to be open.
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
