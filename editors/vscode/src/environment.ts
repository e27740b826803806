/** A Python environment for the server, made with venv and pip if the user asks for it. */

import { type LogOutputChannel, ProgressLocation, window } from "vscode";
import { inEnvironment, onPath } from "./location";
import { choosePackage } from "./packageSource";
import { run } from "./process";
import { Problem, reasonOf } from "./sentences";
import { ownSettings } from "./settings";

const PYTHONS = ["python3", "python", "py"];

/** Makes the environment and installs the server there; false if the user chose not to. */
export async function createEnvironment(folder: string, log: LogOutputChannel): Promise<boolean> {
  const settings = ownSettings();
  const python = settings.python || PYTHONS.map(onPath).find((found) => found !== undefined);
  if (!python) {
    throw new Problem(
      "Python was not found: install it, or name it in the setting assist.server.python.",
    );
  }
  const source = await choosePackage();
  if (!source) {
    return false;
  }
  const options = {
    location: ProgressLocation.Notification,
    title: "Installing assist-server",
    cancellable: true,
  };
  return window.withProgress(options, async (progress, token) => {
    const step = async (message: string, command: string, args: string[]): Promise<void> => {
      progress.report({ message });
      log.info([command, ...args].join(" "));
      let lastWords = "";
      const onLine = (line: string): void => {
        log.info(line);
        lastWords = line.startsWith("ERROR: ") ? line.slice("ERROR: ".length) : lastWords;
        progress.report({ message: line.trim().slice(0, MAX_SHOWN_CHARS) });
      };
      try {
        await run(command, args, onLine, (child) => {
          token.onCancellationRequested(() => child.kill());
        });
      } catch (error) {
        if (!token.isCancellationRequested) {
          const why = lastWords || reasonOf(error);
          throw new Problem(
            `Installing assist-server failed (${why}): correct assist.server.python or assist.server.package.`,
          );
        }
      }
    };
    await step("creating an environment", python, ["-I", "-m", "venv", folder]);
    if (!token.isCancellationRequested) {
      const pip = ["-I", "-m", "pip", "install", "--upgrade", "--disable-pip-version-check"];
      await step("running pip", inEnvironment(folder, "python"), [...pip, source]);
    }
    return !token.isCancellationRequested;
  });
}

const MAX_SHOWN_CHARS = 80;
