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
  readonly commit: string;
  readonly is_whole: boolean;
}

interface SuggestedModel {
  readonly name: string;
  readonly licence: string;
  readonly tasks: readonly string[];
  readonly fit: string;
  readonly loading_bytes: number;
  readonly token_ms: number;
}

interface ModelItem extends QuickPickItem {
  readonly choose?: () => Promise<string | undefined>;
}

const SUGGESTED = "$(dashboard) Suggested for this machine...";

/** Asks for a model and writes it into the user's settings: for all, or for text alone. */
export async function chooseModel(
  program: ServerProgram | undefined,
  log: LogOutputChannel,
  setting: "model" | "text_model" = "model",
): Promise<void> {
  const items: ModelItem[] = [
    ...(program ? await listModels(program, log) : []),
    { label: "Somewhere else", kind: QuickPickItemKind.Separator },
    ...(program
      ? [{ label: SUGGESTED, choose: async () => await chooseSuggested(program, log) }]
      : []),
    { label: "$(folder) Folder...", choose: chooseFolder },
    { label: "$(file) GGUF file...", choose: chooseFile },
    { label: "$(cloud) Id on the Hugging Face hub...", choose: askForId },
  ];
  const chosen = await window.showQuickPick(items, {
    title: "Choose a model",
    placeHolder: `The setting assist.${setting}`,
  });
  const model = await chosen?.choose?.();
  if (model) {
    const configuration = workspace.getConfiguration(SECTION);
    await configuration.update(setting, model, ConfigurationTarget.Global);
  }
}

async function listModels(program: ServerProgram, log: LogOutputChannel): Promise<ModelItem[]> {
  const { models } = await read<{ models: ModelEntry[] }>(program, [], log);
  return models.map(({ model, megabytes, where, commit, is_whole }) => ({
    label: model,
    description: `${megabytes.toFixed(0)} MB${is_whole ? "" : ", download not finished"}`,
    detail: commit ? `${where}, commit ${commit.slice(0, 12)}` : where,
    choose: () => Promise.resolve(model),
  }));
}

/** Shows well-known open models, rated for this machine. */
async function chooseSuggested(
  program: ServerProgram,
  log: LogOutputChannel,
): Promise<string | undefined> {
  const rated = read<{ models: SuggestedModel[] }>(program, ["suggest"], log);
  const items = rated.then(({ models }) => models.map(suggestedItem));
  const placeHolder = "Downloaded from the Hugging Face hub when it is first used";
  const chosen = await window.showQuickPick(items, { title: "Models for this machine", placeHolder });
  return chosen?.label;
}

function suggestedItem(model: SuggestedModel): QuickPickItem {
  const memory = `${(model.loading_bytes / 1e9).toFixed(1)} GB of memory`;
  const speed = `at least ${model.token_ms.toFixed(0)} ms per token`;
  return {
    label: model.name,
    description: model.fit,
    detail: `${model.tasks.join(" and ")}; ${memory}; ${speed}; ${model.licence}`,
  };
}

/** Runs a command of `assist-server models` and returns what it printed. */
async function read<T>(program: ServerProgram, verb: string[], log: LogOutputChannel): Promise<T> {
  try {
    const args = [...program.args, "models", ...verb, "--json"];
    return JSON.parse(await run(program.command, args, () => undefined)) as T;
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
    placeHolder: "organization/name, organization/name:Q4_K_M for a GGUF file, with @revision after it",
    validateInput: (text) =>
      /^[\w-][\w.-]*\/[\w.-]+(:[\w.-]+)?(@\w[\w./-]*)?$/.test(text.trim())
        ? undefined
        : "An id has the form organization/name.",
  });
  return id?.trim();
}
