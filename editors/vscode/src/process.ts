/** The server's process: its standard error goes to the log, and its last line is kept. */

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { LogOutputChannel } from "vscode";
import type { ServerProgram } from "./location";
import { Problem, reasonOf } from "./sentences";

export class ServerProcess {
  /** The last line that the process wrote to standard error. */
  lastWords = "";

  private constructor(readonly child: ChildProcessWithoutNullStreams) {}

  /** Starts the server, or a relay to the shared one; throws a Problem if it cannot be run. */
  static async start(
    program: ServerProgram,
    isShared: boolean,
    folder: string | undefined,
    log: LogOutputChannel,
  ): Promise<ServerProcess> {
    const args = [...program.args, ...(isShared ? ["connect"] : ["serve", "--stdio"])];
    log.info(`Starting ${[program.command, ...args].join(" ")} (${program.origin})`);
    const child = spawn(program.command, args, { ...(folder && { cwd: folder }) });
    const started = new ServerProcess(child);
    readLines(child, (line) => {
      started.lastWords = line.trim() || started.lastWords;
      log.info(line);
    });
    try {
      await once(child, "spawn");
    } catch (error) {
      throw new Problem(
        `assist-server cannot be started (${reasonOf(error)}): correct ${program.origin}.`,
      );
    }
    return started;
  }
}

/** Runs a program to its end; calls `onLine` with its output, and returns its standard output. */
export async function run(
  command: string,
  args: readonly string[],
  onLine: (line: string) => void,
  onStart: (child: ChildProcess) => void = () => undefined,
): Promise<string> {
  const child = spawn(command, args);
  const output: string[] = [];
  onStart(child);
  readLines(child, onLine);
  createInterface(child.stdout).on("line", (line) => {
    output.push(line);
    onLine(line);
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    throw new Error(`${command} ended with ${String(code ?? child.signalCode)}`);
  }
  return output.join("\n");
}

function readLines(child: ChildProcessWithoutNullStreams, onLine: (line: string) => void): void {
  createInterface(child.stderr).on("line", onLine);
}
