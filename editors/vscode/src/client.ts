/** The language client: what it sends to the server, and which messages it suppresses. */

import { commands, type LogOutputChannel, Range, Uri, window } from "vscode";
import {
  CancellationToken,
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type StaticFeature,
} from "vscode-languageclient/node";
import type { ServerProcess } from "./process";
import type { ProtocolRange } from "./protocol";
import { KEYS_FOR_START, type ServerKeys } from "./settingKeys";
import { settingsThatAreSet } from "./settings";
import { withSafeSnippets } from "./snippets";
import type { ModelStatus, State } from "./state";

const SCHEMES = ["file", "untitled", "vscode-notebook-cell"];
const SHOW_SUMMARY = "assist.showSummary";
const SHOW_TASK = "assist.showTask";
const CHOOSE_CHAT_MODEL = "assist.chooseChatModel";

export interface Callbacks {
  readonly onClose: () => void;
  readonly onStatus: (status: ModelStatus) => void;
  readonly showSummary: (uri: Uri, range: Range) => Promise<void>;
  readonly showTask: (name: string, uri: Uri, range: Range) => Promise<void>;
  /** Runs an action of the user, and shows its failure. */
  readonly report: (action: () => unknown) => Promise<unknown>;
}

/** A client that writes its own errors to the log; the library would show a popup for each. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** Announces that the client handles `assist/status`. */
const STATUS_CAPABILITY: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object), assistStatus: true };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

export function createClient(
  start: () => Promise<ServerProcess>,
  serverKeys: ServerKeys,
  state: State,
  log: LogOutputChannel,
  callbacks: Callbacks,
): LanguageClient {
  const options: LanguageClientOptions = {
    documentSelector: SCHEMES.map((scheme) => ({ scheme })),
    initializationOptions: () => settingsThatAreSet(KEYS_FOR_START),
    initializationFailedHandler: () => false,
    outputChannel: log,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        callbacks.onClose();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    middleware: {
      provideInlineCompletionItems: async (document, position, context, token, next) => {
        if (state.isPaused) {
          return [];
        }
        const toSend = state.noteRequest(document, position, context);
        const answer = await whileWorking(next(document, position, toSend, token));
        if (answer) {
          state.noteAnswer(position); // where the connection was lost, there is none
        }
        return answer;
      },
      provideCompletionItem: (document, position, context, token, next) =>
        state.isPaused ? [] : next(document, position, context, token),
      executeCommand: async (command, args, next) => {
        if (command === SHOW_SUMMARY) {
          const [uri, range] = args as [string, ProtocolRange];
          return callbacks.report(() => callbacks.showSummary(Uri.parse(uri), fromProtocol(range)));
        }
        if (command === SHOW_TASK) {
          const [name, uri, range] = args as [string, string, ProtocolRange];
          return callbacks.report(() => callbacks.showTask(name, Uri.parse(uri), fromProtocol(range)));
        }
        if (command === CHOOSE_CHAT_MODEL) {
          return commands.executeCommand("assist.chooseTextModel");
        }
        return callbacks.report(() => whileWorking<unknown>(next(command, args)));
      },
      // Progress that cannot be cancelled is that of loading, which the status bar shows already.
      handleWorkDoneProgress: (_, progress, next) => {
        if (progress.kind !== "begin" || progress.cancellable) {
          next(_, progress);
        }
      },
      workspace: {
        handleApplyEdit: (params, next) =>
          next(withSafeSnippets(params, window.activeTextEditor), CancellationToken.None),
        configuration: ({ items }) =>
          items.map(({ scopeUri }) =>
            settingsThatAreSet(
              serverKeys,
              scopeUri ? client.protocol2CodeConverter.asUri(scopeUri) : undefined,
            ),
          ),
      },
    },
  };
  const client = new QuietClient(
    "assist",
    "Assist",
    async () => {
      // Only its streams: if given the process, the library would log its standard error again.
      const { child } = await start();
      return { reader: child.stdout, writer: child.stdin };
    },
    options,
  );
  client.registerFeature(STATUS_CAPABILITY);
  client.onNotification("assist/status", callbacks.onStatus);
  return client;

  function fromProtocol({ start, end }: ProtocolRange): Range {
    return new Range(start.line, start.character, end.line, end.character);
  }

  async function whileWorking<T>(answer: PromiseLike<T> | T): Promise<T> {
    return state.whileWorking(Promise.resolve(answer));
  }
}
