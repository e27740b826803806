/** The state of the server and its model, with an event for its changes. */

import {
  commands,
  type Disposable,
  EventEmitter,
  type InlineCompletionContext,
  type Position,
  type TextDocument,
} from "vscode";
import { AskingAgain } from "./askingAgain";

/** `assist/status`, and the result of `assist.status`. */
export interface ModelStatus {
  readonly phase: "loading" | "ready" | "unloaded" | "failed" | "closed";
  readonly message: string;
  readonly percent: number | null;
  readonly model: string;
  readonly device: string | null;
  readonly dtype: string | null;
  readonly reasons: readonly string[];
  /** The model for summaries and tasks, if it is another one, with the host that it runs on. */
  readonly text_model: string | null;
}

export type ServerState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly origin: string; readonly model?: ModelStatus }
  | { readonly kind: "failed"; readonly sentence: string };

/** A request that takes longer than this is shown as work; a shorter one would flicker. */
const VISIBLE_WORK_MS = 250;

export class State implements Disposable {
  private readonly changed = new EventEmitter<void>();
  private current: ServerState = { kind: "stopped" };
  private paused = false;
  private visibleRequests = 0;
  private readonly asking = new AskingAgain();

  readonly onDidChange = this.changed.event;

  dispose(): void {
    this.asking.dispose();
  }

  get server(): ServerState {
    return this.current;
  }

  set server(state: ServerState) {
    this.current = state;
    this.announce();
  }

  get isPaused(): boolean {
    return this.paused;
  }

  set isPaused(isPaused: boolean) {
    this.paused = isPaused;
    this.announce();
  }

  get isWorking(): boolean {
    return this.visibleRequests > 0;
  }

  /** Shows that a request is being worked on, until it has settled. */
  async whileWorking<T>(request: PromiseLike<T>): Promise<T> {
    let end = (): void => undefined;
    const timer = setTimeout(() => {
      this.countVisible(1);
      end = () => {
        this.countVisible(-1);
      };
    }, VISIBLE_WORK_MS);
    try {
      return await request;
    } finally {
      clearTimeout(timer);
      end();
    }
  }

  /** Notes a request for a completion, and returns the context to send. */
  noteRequest(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
  ): InlineCompletionContext {
    return this.asking.note(document, position, context);
  }

  /** Notes that a request was answered; what a model that loads says is no answer. */
  noteAnswer(position: Position): void {
    if (this.current.kind === "running" && this.current.model?.phase === "ready") {
      this.asking.noteAnswer(position);
    }
  }

  /** Repeats the request that got no answer. */
  async askAgain(): Promise<void> {
    await this.asking.again();
  }

  private countVisible(change: 1 | -1): void {
    this.visibleRequests += change;
    this.announce();
  }

  private announce(): void {
    const isRunning = this.current.kind === "running";
    void commands.executeCommand("setContext", "assist.isRunning", isRunning);
    void commands.executeCommand("setContext", "assist.isPaused", this.paused);
    this.changed.fire();
  }
}
