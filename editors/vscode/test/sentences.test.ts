/** Failures as sentences, and programs that fail. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../src/process";
import { isRefusal, notFound, reasonOf, sentenceFrom } from "../src/sentences";

test("a reason ends as a sentence, however it ended", () => {
  for (const reason of ["no model", "no model.", "no model..", "no model. \n"]) {
    assert.equal(sentenceFrom(reason), "assist-server: no model.");
  }
});

test("a reason is found in whatever was thrown", () => {
  assert.equal(reasonOf(new Error("why")), "why");
  assert.equal(reasonOf("why"), "why");
});

test("only what the server marked as such is a refusal", () => {
  const withData = (data: unknown): Error => Object.assign(new Error(), { data });
  assert.ok(isRefusal(withData({ isRefusal: true })));
  for (const other of [withData({}), withData(null), withData("isRefusal"), new Error(), null]) {
    assert.ok(!isRefusal(other));
  }
});

test("trust is offered only where it is missing", () => {
  const [trusted, untrusted] = [notFound(true), notFound(false)];
  assert.ok(!trusted.sentence.includes("trust"));
  assert.deepEqual(Object.keys(trusted.remedies), ["Install", "Settings"]);
  assert.ok(untrusted.sentence.includes("trust this workspace"));
  assert.deepEqual(Object.keys(untrusted.remedies), ["Install", "Manage Trust", "Settings"]);
});

test("a program's output is given by line and as a whole", async () => {
  const lines: string[] = [];
  const output = await run(process.execPath, ["-e", "console.log('a\\nb')"], (line) => lines.push(line));
  assert.equal(output, "a\nb");
  assert.deepEqual(lines, ["a", "b"]);
});

test("a program that fails is named with how it ended", async () => {
  const failing = run(process.execPath, ["-e", "process.exit(3)"], () => undefined);
  await assert.rejects(failing, { message: `${process.execPath} ended with 3` });
});

test("a program that is not there is an error, too", async () => {
  await assert.rejects(run("/nowhere/program", [], () => undefined), /ENOENT/);
});
