/** The state in words: for the status bar, its tooltip and its menu. */

import { sentenceFrom } from "./sentences";
import type { ModelStatus, State } from "./state";

export interface Description {
  /** An icon and a few words. */
  readonly label: string;
  /** What it means, and what to do if something is wrong. */
  readonly reason: string;
  readonly isError: boolean;
}

/** The part of the state that is described. */
export type Shown = Pick<State, "server" | "isPaused" | "isWorking">;

export function describe(state: Shown): Description {
  const { server } = state;
  switch (server.kind) {
    case "stopped":
      return described("$(circle-slash) Assist: off", "The server is not running.");
    case "starting":
      return described("$(loading~spin) Assist: starting", "The server is starting.");
    case "failed":
      return described("$(error) Assist: error", server.sentence, true);
    case "running":
      return server.model
        ? describeModel(server.model, state)
        : described("$(loading~spin) Assist: starting", "The server is running.");
  }
}

function describeModel(model: ModelStatus, state: Shown): Description {
  switch (model.phase) {
    case "loading": {
      const percent = model.percent === null ? "" : ` ${Math.round(model.percent).toFixed(0)} %`;
      const reason = `The model ${model.model} is loading: ${model.message}.`;
      return described(`$(loading~spin) Assist: loading${percent}`, reason);
    }
    case "failed":
      return described("$(error) Assist: error", sentenceFrom(model.message), true);
    case "unloaded":
      return described("$(circle-outline) Assist: unloaded", `The model is not in memory: ${model.message}.`);
    case "closed":
      return described("$(circle-slash) Assist: off", model.message);
    case "ready":
      return describeReady(model, state);
  }
}

function describeReady(model: ModelStatus, state: Shown): Description {
  const place = model.device && ` on ${deviceInWords(model.device)}`;
  const reason = `The model ${model.message} is ready${place ?? ""}.`;
  if (state.isPaused) {
    return described("$(debug-pause) Assist: paused", "Completion is paused until you resume it.");
  }
  return described(state.isWorking ? "$(sync~spin) Assist: working" : "$(check) Assist", reason);
}

const DEVICES: Readonly<Record<string, string>> = {
  cpu: "the processor",
  cuda: "the graphics card",
  mps: "the graphics unit of the Apple chip",
};

function deviceInWords(device: string): string {
  return DEVICES[device.split(":")[0] ?? ""] ?? device;
}

/** Returns sentences: the reasons for device and number format, other models, and where the server was found. */
export function explain({ server }: Pick<State, "server">): readonly string[] {
  if (server.kind !== "running") {
    return [];
  }
  const sentences = (server.model?.reasons ?? []).map((reason) => explained(reason, server.model));
  if (server.model?.text_model) {
    sentences.push(`Summaries and tasks have a model of their own: ${server.model.text_model}.`);
  }
  return [...sentences, `The server was started from ${server.origin}.`];
}

/** Returns a reason that the server gave, `choice: why`, as a sentence. */
function explained(reason: string, model: ModelStatus | undefined): string {
  const [choice = "", ...rest] = reason.split(": ");
  const why = rest.join(": ").replaceAll("`", "");
  if (!why) {
    return `${choice}.`;
  }
  if (choice === model?.device) {
    return `The model runs on ${deviceInWords(choice)}: ${why}.`;
  }
  if (choice === model?.dtype) {
    return `It computes with numbers of the type ${choice}: ${why}.`;
  }
  return `About ${choice}: ${why}.`;
}

function described(label: string, reason: string, isError = false): Description {
  return { label, reason, isError };
}
