/** The words of the status bar, its tooltip and its menu, for each state. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, explain, type Shown } from "../src/description";
import type { ModelStatus, ServerState } from "../src/state";

const READY: ModelStatus = {
  phase: "ready",
  message: "embedded",
  percent: null,
  model: "embedded",
  device: "cpu",
  dtype: "float32",
  reasons: [],
  text_model: null,
};

function shown(server: ServerState, also: Partial<Shown> = {}): Shown {
  return { server, isPaused: false, isWorking: false, ...also };
}

function running(model: Partial<ModelStatus>, also: Partial<Shown> = {}): Shown {
  return shown({ kind: "running", origin: "/bin", model: { ...READY, ...model } }, also);
}

const LABELS: [string, Shown, string][] = [
  ["no server", shown({ kind: "stopped" }), "$(circle-slash) Assist: off"],
  ["a server that starts", shown({ kind: "starting" }), "$(loading~spin) Assist: starting"],
  [
    "a server that said nothing yet",
    shown({ kind: "running", origin: "/bin" }),
    "$(loading~spin) Assist: starting",
  ],
  [
    "a server that cannot run",
    shown({ kind: "failed", sentence: "It was not found." }),
    "$(error) Assist: error",
  ],
  [
    "a model of which a part is loaded",
    running({ phase: "loading", percent: 49.6 }),
    "$(loading~spin) Assist: loading 50 %",
  ],
  [
    "a model of which nobody knows how far it is",
    running({ phase: "loading", percent: null }),
    "$(loading~spin) Assist: loading",
  ],
  ["a model that is not there", running({ phase: "failed" }), "$(error) Assist: error"],
  ["a model that was closed", running({ phase: "closed" }), "$(circle-slash) Assist: off"],
  ["a model that waits", running({}), "$(check) Assist"],
  ["a model at work", running({}, { isWorking: true }), "$(sync~spin) Assist: working"],
  [
    "a pause, whatever goes on",
    running({}, { isPaused: true, isWorking: true }),
    "$(debug-pause) Assist: paused",
  ],
];

for (const [name, state, label] of LABELS) {
  test(`the label of ${name}`, () => {
    assert.equal(describe(state).label, label);
  });
}

test("what is wrong is marked, and nothing else", () => {
  const marked = LABELS.filter(([, state]) => describe(state).isError).map(([name]) => name);
  assert.deepEqual(marked, ["a server that cannot run", "a model that is not there"]);
});

test("the reason for an error is its sentence", () => {
  const sentence = "assist-server was not found.";
  assert.equal(describe(shown({ kind: "failed", sentence })).reason, sentence);
  const { reason } = describe(running({ phase: "failed", message: "there is no such model." }));
  assert.equal(reason, "assist-server: there is no such model.");
});

const PLACES: [string | null, string][] = [
  ["cpu", "The model embedded is ready on the processor."],
  ["cuda:1", "The model embedded is ready on the graphics card."],
  ["mps", "The model embedded is ready on the graphics unit of the Apple chip."],
  ["xpu:0", "The model embedded is ready on xpu:0."],
  [null, "The model embedded is ready."],
];

for (const [device, sentence] of PLACES) {
  test(`a model on ${String(device)} is ready in words`, () => {
    assert.equal(describe(running({ device })).reason, sentence);
  });
}

test("reasons of the server become sentences", () => {
  const reasons = ["cpu: no graphics card was found", "float32: `bf16` is slow: see the manual", "x"];
  assert.deepEqual(explain(running({ reasons })), [
    "The model runs on the processor: no graphics card was found.",
    "It computes with numbers of the type float32: bf16 is slow: see the manual.",
    "x.",
    "The server was started from /bin.",
  ]);
});

test("the model for summaries and tasks is named, with its host", () => {
  assert.deepEqual(explain(running({ text_model: "coder at localhost:8080" })), [
    "Summaries and tasks have a model of their own: coder at localhost:8080.",
    "The server was started from /bin.",
  ]);
});

test("nothing is explained of a server that does not run", () => {
  assert.deepEqual(explain({ server: { kind: "starting" } }), []);
});
