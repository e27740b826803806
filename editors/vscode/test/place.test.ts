/** The place of a summary while its document is edited. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { move, origin } from "../src/place";

const TEXT = "before SUMMARIZED after";
const START = TEXT.indexOf("SUMMARIZED");
const END = START + "SUMMARIZED".length;

/** The text of the place after a part of the document was replaced. */
function afterReplacing(part: string, by: string): string {
  const rangeOffset = TEXT.indexOf(part);
  const place = { start: START, end: END };
  move(place, { rangeOffset, rangeLength: part.length, text: by });
  return TEXT.replace(part, by).slice(place.start, place.end);
}

const CHANGES: [string, string, string, string][] = [
  ["before it", "before", "x", "SUMMARIZED"],
  ["directly before it", " SUM", " longer SUM", " longer SUMMARIZED"],
  ["after it", "after", "much longer", "SUMMARIZED"],
  ["in it", "MAR", "", "SUMIZED"],
  ["over its beginning", "before SUM", "", "MARIZED"],
  ["over its end", "IZED after", "", "SUMMAR"],
  ["over all of it", TEXT, "formatted", "formatted"],
  ["of exactly it", "SUMMARIZED", "other", "other"],
];

for (const [where, part, by, expected] of CHANGES) {
  test(`a change ${where}`, () => {
    assert.equal(afterReplacing(part, by), expected);
  });
}

test("what is typed at its edges stays outside", () => {
  for (const [offset, expected] of [[START, [START + 2, END + 2]], [END, [START, END]]] as const) {
    const place = { start: START, end: END };
    move(place, { rangeOffset: offset, rangeLength: 0, text: "# " });
    assert.deepEqual([place.start, place.end], expected);
  }
});

test("lines are counted from one, and one that is only touched is not counted", () => {
  const lines = (line: number, character: number): string =>
    origin("/a/my_code.py", { start: { line: 2, character: 0 }, end: { line, character } });
  assert.equal(lines(4, 3), "*my\\_code.py, lines 3 to 5*");
  assert.equal(lines(4, 0), "*my\\_code.py, lines 3 to 4*");
  assert.equal(lines(2, 0), "*my\\_code.py, lines 3 to 3*");
});
