/** The names and values of settings. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { KEYS_FOR_START, serverKeys, valueThatIsSet } from "../src/settingKeys";

test("the server's settings are those of the manifest without the extension's own", () => {
  const properties = { "assist.model": {}, "assist.server.command": {}, "assist.log.file": {} };
  const manifest = { contributes: { configuration: [{ properties }, { properties: {} }] } };
  assert.deepEqual(serverKeys(manifest), ["model", "log.file"]);
});

test("what the server has to know at its start is in the manifest", () => {
  const keys = serverKeys(JSON.parse(readFileSync("package.json", "utf8")));
  assert.ok(KEYS_FOR_START.every((key) => keys.includes(key)));
});

test("the value nearest to the document counts", () => {
  const [globalValue, workspaceValue, workspaceFolderValue] = [1, 2, 3];
  assert.equal(valueThatIsSet({ globalValue, workspaceValue, workspaceFolderValue }), 3);
  assert.equal(valueThatIsSet({ globalValue, workspaceValue }), 2);
  assert.equal(valueThatIsSet({ globalValue }), 1);
});

test("what is false or empty is set, and a default is not", () => {
  assert.equal(valueThatIsSet({ globalValue: true, workspaceValue: false }), false);
  assert.equal(valueThatIsSet({ globalValue: "" }), "");
  const withDefault = { defaultValue: "embedded", globalValue: undefined };
  assert.equal(valueThatIsSet(withDefault), undefined);
  assert.equal(valueThatIsSet(undefined), undefined);
});
