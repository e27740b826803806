/** The page of "Show Why". */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, render } from "../src/answers";

const SHOWN: Answer = {
  method: "textDocument/inlineCompletion",
  outcome: "shown",
  detail: "",
  prompt_tokens: 30,
  new_tokens: 4,
  milliseconds: 12.3,
  first_token_ms: 3.14,
  model: "embedded",
  text: "f(x)",
};
const SETTINGS = ["model", "completion.enabled", "completion.max_new_tokens", "completion.max_new_tokens_single_line"];

function page(...answers: Partial<Answer>[]): string {
  const all = answers.map((answer) => ({ ...SHOWN, ...answer }));
  return render("code.py", "python", all, SETTINGS);
}

/** The outcomes on a page: what its entries begin with. */
function entries(markdown: string): string[] {
  return [...markdown.matchAll(/^- \*+(.*?)\*+/gm)].map(([, words]) => words ?? "");
}

test("a document without requests", () => {
  const markdown = "### The last answers for a\\_b.py\n\nThere were no requests for this document yet.\n";
  assert.equal(render("a_b.py", "python", [], SETTINGS), markdown);
});

test("an answer with its text, its time and its tokens", () => {
  assert.equal(
    page({}),
    [
      "### The last answers for code.py",
      "Newest first.",
      "- **shown**",
      "  ```python\n  f(x)\n  ```",
      "  inlineCompletion by embedded · 12 ms, 3.1 ms to the first token · 30 prompt tokens, 4 new tokens\n",
    ].join("\n\n"),
  );
});

test("an answer without a text, and without a first token", () => {
  const markdown = page({ text: null, first_token_ms: null, outcome: "empty" });
  assert.ok(!markdown.includes("```"));
  assert.ok(!markdown.includes("first token"));
});

test("neighbours that were overtaken are shown together, and others apart", () => {
  const overtaken = [
    { outcome: "cancelled" },
    { outcome: "superseded by a newer request" },
    { outcome: "the document changed meanwhile" },
  ];
  const markdown = page(...overtaken, {}, { outcome: "cancelled" }, {}, {});
  assert.deepEqual(entries(markdown), [
    "3 requests overtaken by what was typed next",
    "shown",
    "1 request overtaken by what was typed next",
    "shown",
    "shown",
  ]);
});

test("a setting that decided is a link to it, by its longest name", () => {
  const markdown = page({ outcome: "too long", detail: "see completion.max_new_tokens_single_line" });
  const query = encodeURIComponent('["@id:assist.completion.max_new_tokens_single_line"]');
  const label = "completion.max\\_new\\_tokens\\_single\\_line";
  assert.ok(markdown.includes(`: see [${label}](command:workbench.action.openSettings?${query})`));
  assert.equal(markdown.match(/command:/g)?.length, 1);
});

test("a word that is a setting's name is no link", () => {
  assert.ok(!page({ detail: "the model is loading" }).includes("command:"));
});

test("what comes from files stays text", () => {
  const markdown = page({ detail: "[x](command:evil) <b>", text: "```\n[y](z)" });
  assert.ok(markdown.includes("\\[x\\](command:evil) \\<b\\>"));
  assert.ok(markdown.includes("  ````python\n  ```\n  [y](z)\n  ````"));
});
