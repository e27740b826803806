// A browser page, remote-controlled: each line of input is a list of steps, each line of output what
// they gave. A step is the path of a function and its arguments; the first begins at the page, the
// others at what the step before gave.
// usage: driver.mjs FOLDER-OF-PLAYWRIGHT

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { chromium } = createRequire(`${process.argv[2]}/`)("playwright-core");
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ],
});
const context = await browser.newContext({
  viewport: { width: 1000, height: 600 },
  reducedMotion: "reduce", // without a GPU, animations take a processor
  permissions: ["clipboard-read", "clipboard-write"],
});
const page = await context.newPage();
page.setDefaultTimeout(90_000);

for await (const line of createInterface(process.stdin)) {
  let answer;
  try {
    let value = page;
    for (const [path, ...args] of JSON.parse(line)) {
      value = await call(value, path, args);
    }
    answer = { value: isPlain(value) ? value : null };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();

function call(object, path, args) {
  const names = path.split(".");
  const method = names.pop();
  const owner = names.reduce((part, name) => part[name], object);
  return owner[method](...args.map((value) => (value?.function ? eval(value.function) : value)));
}

/** Handles of things in the browser stay here. */
function isPlain(value) {
  return value !== undefined && (Object(value) !== value || Array.isArray(value));
}
