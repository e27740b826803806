/** Choosing a model: one on this machine, a folder or file, or an id on the Hugging Face hub. */

import {
  ConfigurationTarget,
  type LogOutputChannel,
  type QuickPickItem,
  QuickPickItemKind,
  Uri,
  window,
  workspace,
} from "vscode";
import type { ServerProgram } from "./location";
import { run } from "./process";
import { Problem, reasonOf } from "./sentences";
import { SECTION } from "./settingKeys";

interface ModelEntry {
  readonly model: string;
  readonly megabytes: number;
  readonly where: string;
}

interface ModelItem extends QuickPickItem {
  readonly choose?: () => Promise<string | undefined>;
}

/** Asks for a model and writes it into the user's settings. */
export async function chooseModel(
  program: ServerProgram | undefined,
  log: LogOutputChannel,
): Promise<void> {
  const items: ModelItem[] = [
    ...(program ? await listModels(program, log) : []),
    { label: "Somewhere else", kind: QuickPickItemKind.Separator },
    { label: "$(folder) Folder...", choose: chooseFolder },
    { label: "$(file) GGUF file...", choose: chooseFile },
    { label: "$(cloud) Id on the Hugging Face hub...", choose: askForId },
  ];
  const chosen = await window.showQuickPick(items, {
    title: "Choose a model",
    placeHolder: "The setting assist.model",
  });
  const model = await chosen?.choose?.();
  if (model) {
    const configuration = workspace.getConfiguration(SECTION);
    await configuration.update("model", model, ConfigurationTarget.Global);
  }
}

async function listModels(program: ServerProgram, log: LogOutputChannel): Promise<ModelItem[]> {
  try {
    const args = [...program.args, "models", "--json"];
    const output = await run(program.command, args, () => undefined);
    const { models } = JSON.parse(output) as { models: ModelEntry[] };
    return models.map(({ model, megabytes, where }) => ({
      label: model,
      description: `${megabytes.toFixed(0)} MB`,
      detail: where,
      choose: () => Promise.resolve(model),
    }));
  } catch (error) {
    log.error(`assist-server models: ${reasonOf(error)}`);
    throw new Problem("assist-server could not list its models: see the log.");
  }
}

async function chooseFolder(): Promise<string | undefined> {
  const home = process.env.HOME;
  const folders = await window.showOpenDialog({
    title: "Folder of a model",
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: "Use as model",
    ...(home && { defaultUri: Uri.file(home) }),
  });
  return folders?.[0]?.fsPath;
}

async function chooseFile(): Promise<string | undefined> {
  const home = process.env.HOME;
  const files = await window.showOpenDialog({
    title: "GGUF file of a model",
    filters: { GGUF: ["gguf"] },
    openLabel: "Use as model",
    ...(home && { defaultUri: Uri.file(home) }),
  });
  return files?.[0]?.fsPath;
}

async function askForId(): Promise<string | undefined> {
  const id = await window.showInputBox({
    title: "Id on the Hugging Face hub",
    placeHolder: "organization/name, or organization/name:Q4_K_M for a GGUF file",
    validateInput: (text) =>
      /^[\w.-]+\/[\w.-]+(:[\w.-]+)?$/.test(text.trim())
        ? undefined
        : "An id has the form organization/name.",
  });
  return id?.trim();
}
