/** The list of tasks, and the page for an answer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { needsWords, type Task, taskItems, taskPage } from "../src/tasks";

const FIX: Task = { name: "fix", title: "Fix", kinds: "code", output: "replace", needs: ["selection"] };
const ASK: Task = { name: "ask", title: "Ask", kinds: "any", output: "show", needs: ["instruction"] };
const ANSWER = { title: "Fix", markdown: "```\nx\n```", applied: false, note: "" };

test("tasks are listed by title, with what they do", () => {
  const items = taskItems({ tasks: [FIX, ASK], problems: [], reason: "" });
  assert.deepEqual(
    items.map(({ label, description, task }) => [label, description, task]),
    [
      ["Ask", "ask: shows an answer", ASK],
      ["Fix", "fix: replaces the text", FIX],
    ],
  );
});

test("only some tasks need words", () => {
  assert.deepEqual([needsWords(FIX), needsWords(ASK)], [false, true]);
});

test("an answer that was applied has no page", () => {
  assert.equal(taskPage({ ...ANSWER, applied: true, note: "it was cut" }), undefined);
});

test("an answer that was not applied is shown with the reason", () => {
  assert.equal(taskPage(ANSWER), "```\nx\n```\n");
  const page = taskPage({ ...ANSWER, note: "not applied: `a_b` [x](command:y)" });
  assert.equal(page, "```\nx\n```\n\n---\n\nnot applied: \\`a\\_b\\` \\[x\\](command:y)\n");
});
