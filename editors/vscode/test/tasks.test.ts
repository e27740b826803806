/** The list of tasks, and the page for an answer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerKind, grown, needsWords, type Task, taskItems, taskPage } from "../src/tasks";

const FIX: Task = { name: "fix", title: "Fix", kinds: "code", output: "replace", needs: ["selection"] };
const ASK: Task = { name: "ask", title: "Ask", kinds: "any", output: "show", needs: ["instruction"] };

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

test("without a chat model, the one entry says so", () => {
  const items = taskItems({ tasks: [FIX], problems: [], reason: "the model cannot" });
  assert.deepEqual(items, [{ label: "Choose a Chat Model...", detail: "assist-server: the model cannot." }]);
});

test("an answer grows until it starts anew", () => {
  const parts = [{ text: "He" }, { text: "re:" }, { text: "x", restart: true }, { text: " = 1" }];
  assert.equal(parts.reduce(grown, ""), "x = 1");
});

test("an answer to show has a page, with the reason for what is missing", () => {
  const markdown = "```\nx\n```";
  assert.equal(taskPage({ markdown, note: "" }), `${markdown}\n`);
  const page = taskPage({ markdown, note: "not applied: `a_b` [x](command:y)" });
  assert.equal(page, "> **Not applied: \\`a\\_b\\` \\[x\\](command:y).**\n\n" + markdown + "\n");
});

test("what an answer offers depends on what may be done with it", () => {
  assert.equal(answerKind({ code: "x = 1", mayReplace: true }), "task");
  assert.equal(answerKind({ code: "# Words", mayReplace: false }), "taskRemark");
  assert.equal(answerKind({ code: "", mayReplace: false }), "taskText");
});
