/** The state in words: for the status bar, its tooltip, and the menu behind it. */

import type { ModelStatus, State } from "./state";

export interface Description {
  /** An icon and a few words. */
  readonly label: string;
  /** What it means, and what to do if something is wrong. */
  readonly reason: string;
  readonly isError: boolean;
}

export function describe(state: State): Description {
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

function describeModel(model: ModelStatus, state: State): Description {
  switch (model.phase) {
    case "loading": {
      const percent = model.percent === null ? "" : ` ${Math.round(model.percent).toFixed(0)} %`;
      const reason = `The model ${model.model} is loading: ${model.message}.`;
      return described(`$(loading~spin) Assist: loading${percent}`, reason);
    }
    case "failed":
      return described("$(error) Assist: error", model.message, true);
    case "closed":
      return described("$(circle-slash) Assist: off", model.message);
    case "ready":
      return describeReady(model, state);
  }
}

function describeReady(model: ModelStatus, state: State): Description {
  const place = [model.device, model.dtype].filter(Boolean).join(", ");
  const reason = `The model ${model.message} is ready${place && ` (${place})`}.`;
  if (state.isPaused) {
    return described("$(debug-pause) Assist: paused", "Completion is paused until you resume it.");
  }
  return described(state.isWorking ? "$(sync~spin) Assist: working" : "$(check) Assist", reason);
}

function described(label: string, reason: string, isError = false): Description {
  return { label, reason, isError };
}
