/** What pip is to install: what the setting names, or what the user chooses. */

import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { type OpenDialogOptions, type QuickPickItem, Uri, window, workspace } from "vscode";
import { Problem } from "./sentences";
import { ownSettings } from "./settings";

interface SourceItem extends QuickPickItem {
  readonly choose: () => Promise<string | undefined>;
}

/** Returns a folder, a wheel or a requirement; undefined if the user chose nothing. */
export async function choosePackage(): Promise<string | undefined> {
  const named = ownSettings().package;
  if (named) {
    return named;
  }
  const items: SourceItem[] = [
    ...(await clonesInWorkspace()).map((folder) => ({
      label: "$(root-folder) This clone",
      description: folder,
      choose: () => Promise.resolve(folder),
    })),
    {
      label: "$(folder) Folder of a clone...",
      detail: "The folder of your clone of assist-server, with its pyproject.toml.",
      choose: chooseClone,
    },
    {
      label: "$(package) Wheel...",
      detail: "A file assist_server-VERSION-py3-none-any.whl.",
      choose: chooseWheel,
    },
    {
      label: "$(globe) Name on a package index...",
      detail: "If assist-server is published on an index that your pip uses.",
      choose: askForName,
    },
  ];
  const options = { title: "Install assist-server from", ignoreFocusOut: true };
  return (await window.showQuickPick(items, options))?.choose();
}

async function clonesInWorkspace(): Promise<string[]> {
  const folders = workspace.isTrusted ? (workspace.workspaceFolders ?? []) : [];
  const paths = folders.filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath);
  const areClones = await Promise.all(paths.map(isClone));
  return paths.filter((_, index) => areClones[index]);
}

async function isClone(folder: string): Promise<boolean> {
  try {
    const text = await readFile(path.join(folder, "pyproject.toml"), "utf8");
    return /^name\s*=\s*["']assist-server["']/m.test(text);
  } catch {
    return false;
  }
}

async function chooseClone(): Promise<string | undefined> {
  const folder = await choosePath("Folder of a clone of assist-server", {
    canSelectFolders: true,
    canSelectFiles: false,
  });
  if (folder && !(await isClone(folder))) {
    throw new Problem(`${folder} is not a clone of assist-server: choose the folder with its pyproject.toml.`);
  }
  return folder;
}

async function chooseWheel(): Promise<string | undefined> {
  return choosePath("Wheel of assist-server", { filters: { Wheels: ["whl"] } });
}

async function choosePath(title: string, options: OpenDialogOptions): Promise<string | undefined> {
  const home = process.env.HOME;
  const chosen = await window.showOpenDialog({
    title,
    openLabel: "Install",
    ...(home && { defaultUri: Uri.file(home) }),
    ...options,
  });
  return chosen?.[0]?.fsPath;
}

async function askForName(): Promise<string | undefined> {
  const name = await window.showInputBox({
    title: "Requirement for pip",
    placeHolder: "assist-server",
    validateInput: (text) =>
      /^[A-Za-z0-9]/.test(text.trim()) ? undefined : "A requirement begins with a package's name.",
  });
  return name?.trim();
}
