/** The server's life: it is found, started, restarted after a crash, and stopped. */

import { homedir } from "node:os";
import { type CancellationToken, CancellationTokenSource, type Disposable, type LogOutputChannel, workspace } from "vscode";
import { type LanguageClient, ProgressType } from "vscode-languageclient/node";
import type { Callbacks } from "./client";
import { findServer, type ServerProgram } from "./location";
import type { Problems } from "./problems";
import { ServerProcess } from "./process";
import { notFound, Problem, reasonOf, type Remedies, sentenceFrom } from "./sentences";
import { KEYS_FOR_START, SECTION, type ServerKeys } from "./settingKeys";
import { ownSettings } from "./settings";
import type { ModelStatus, State } from "./state";
import type { PartialAnswer } from "./tasks";

const MAX_CRASHES = 3;
const CRASHES_WITHIN_MS = 180_000;
const MAX_QUOTED_CHARS = 160;

/** Runs a command of the server, and takes parts of its result as they come. */
export type Stream = <T>(
  command: string,
  args: readonly unknown[],
  take: (part: PartialAnswer) => void,
  cancel: CancellationToken,
) => Promise<T>;

export class Assistant implements Disposable {
  private client: LanguageClient | undefined;
  private process: ServerProcess | undefined;
  private crashTimes: number[] = [];
  private work: Promise<void> = Promise.resolve();
  private isInterrupted = false;
  private streams = 0;
  private readonly watched: Disposable;

  /**
   * @param serverKeys the server's settings
   * @param ownEnvironment the folder of the environment that the extension can make
   * @param actions the functions of the extension that the server's code actions call
   */
  constructor(
    private readonly state: State,
    private readonly problems: Problems,
    private readonly log: LogOutputChannel,
    private readonly serverKeys: ServerKeys,
    private readonly ownEnvironment: string,
    private readonly actions: Pick<Callbacks, "showSummary" | "showTask" | "report">,
  ) {
    this.watched = workspace.onDidChangeConfiguration((change) => {
      const forStart = ["server.command", ...KEYS_FOR_START];
      if (forStart.some((key) => change.affectsConfiguration(`${SECTION}.${key}`))) {
        void this.restart();
      } else if (change.affectsConfiguration(SECTION)) {
        void this.client?.sendNotification("workspace/didChangeConfiguration", { settings: null });
      }
    });
  }

  dispose(): void {
    this.watched.dispose();
  }

  /** Returns the program that is started as the server, or undefined. */
  async program(): Promise<ServerProgram | undefined> {
    return findServer(this.ownEnvironment);
  }

  /** Starts the server again, because the user or a changed setting asks for it. */
  async restart(): Promise<void> {
    this.problems.forget();
    this.crashTimes = [];
    this.interruptStart();
    return this.enqueue(() => this.startAnew());
  }

  async stop(): Promise<void> {
    this.interruptStart();
    return this.enqueue(() => this.stopClient());
  }

  /** Runs a command of the server. */
  async execute<T>(command: string, ...args: readonly unknown[]): Promise<T> {
    return this.send(command, args);
  }

  /** Runs a command of the server that sends parts of its result to a token, its last argument. */
  async stream<T>(
    command: string,
    args: readonly unknown[],
    take: (part: PartialAnswer) => void,
    cancel: CancellationToken,
  ): Promise<T> {
    this.streams += 1;
    const token = `assist.stream/${this.streams.toFixed(0)}`;
    const listening = this.client?.onProgress(new ProgressType<PartialAnswer>(), token, take);
    try {
      return await this.send<T>(command, [...args, token], cancel);
    } finally {
      listening?.dispose();
    }
  }

  private async send<T>(
    command: string,
    args: readonly unknown[],
    cancel: CancellationToken = new CancellationTokenSource().token,
  ): Promise<T> {
    const { client } = this;
    if (!client || this.state.server.kind !== "running") {
      throw new Problem("assist-server is not running: restart it from the status bar.");
    }
    const params = { command, arguments: args };
    return this.state.whileWorking(
      client.sendRequest<T>("workspace/executeCommand", params, cancel),
    );
  }

  /** Runs actions one after another: two starts at a time would leave an unused process. */
  private async enqueue(action: () => Promise<void>): Promise<void> {
    this.work = this.work.then(action);
    return this.work;
  }

  /** Ends a start in progress: a program that never answers would block the next action. */
  private interruptStart(): void {
    if (this.state.server.kind === "starting") {
      this.isInterrupted = true;
      this.process?.child.kill();
    }
  }

  private async startAnew(): Promise<void> {
    this.isInterrupted = false;
    await this.stopClient();
    this.state.server = { kind: "starting" };
    const program = await this.program();
    if (program) {
      await this.startClient(program);
    } else {
      const { sentence, remedies } = notFound(workspace.isTrusted);
      this.fail(sentence, remedies);
    }
  }

  private async startClient(program: ServerProgram): Promise<void> {
    let cause: unknown;
    const start = async (): Promise<ServerProcess> => {
      try {
        // Not in the workspace, from which Python would import modules.
        this.process = await ServerProcess.start(program, ownSettings().shared, homedir(), this.log);
        return this.process;
      } catch (error) {
        cause = error;
        throw error;
      }
    };
    // Loaded late, so that the editor does not wait for the library that it needs.
    const { createClient } = await import("./client.js");
    const client = createClient(start, this.serverKeys, this.state, this.log, {
      onClose: () => {
        this.onClose(client);
      },
      onStatus: (model) => {
        this.onStatus(program, model);
      },
      ...this.actions,
    });
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.log.error(`The server did not start: ${reasonOf(cause ?? error)}`);
      this.client = undefined;
      if (this.isInterrupted) {
        return;
      }
      this.fail(cause instanceof Problem ? cause.message : this.endedAtStart(program));
      return;
    }
    if (this.state.server.kind === "starting") {
      this.state.server = { kind: "running", origin: program.origin };
    }
  }

  private async stopClient(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.state.server = { kind: "stopped" };
    try {
      await client?.dispose();
    } catch (error) {
      this.log.debug(`The client did not stop properly: ${reasonOf(error)}`);
    }
    this.process?.child.kill();
  }

  private onStatus({ origin }: ServerProgram, model: ModelStatus): void {
    this.state.server = { kind: "running", origin, model };
    if (model.phase === "failed") {
      const remedies = { "Choose a Model": "assist.chooseModel", "Open Log": "assist.openLog" };
      this.problems.show(sentenceFrom(model.message), remedies);
    } else if (model.phase === "ready") {
      void this.problems.solved();
      void this.state.askAgain();
    }
  }

  /** Handles a closed connection: a crash, unless it was closed on purpose or at the start. */
  private onClose(client: LanguageClient): void {
    if (client !== this.client || this.state.server.kind !== "running") {
      return;
    }
    const now = Date.now();
    this.crashTimes = [...this.crashTimes, now].filter((time) => now - time < CRASHES_WITHIN_MS);
    this.log.warn(`The server ended: ${this.process?.lastWords ?? ""}`);
    if (this.crashTimes.length <= MAX_CRASHES) {
      void this.enqueue(() => this.startAnew());
    } else {
      this.fail(
        "assist-server keeps crashing and is not started again: see the log, then restart it.",
        { Restart: "assist.restartServer", "Open Log": "assist.openLog" },
      );
    }
  }

  private endedAtStart({ command }: ServerProgram): string {
    const lastWords = this.process?.lastWords;
    const why = lastWords ? ` (${lastWords.slice(0, MAX_QUOTED_CHARS)})` : "";
    return `assist-server ended as it started${why}: run "${command} doctor" in a terminal, or see the log.`;
  }

  private fail(sentence: string, remedies?: Remedies): void {
    this.state.server = { kind: "failed", sentence };
    this.problems.show(sentence, remedies);
  }
}
