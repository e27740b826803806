/** The panel beside the editor that shows summaries, answers to tasks and the page of "Show Why". */

import { randomBytes } from "node:crypto";
import { commands, type Disposable, EventEmitter, ViewColumn, type WebviewPanel, window } from "vscode";

/** What the panel shows; the buttons in its title depend on it. */
export type AnswerKind = "draft" | "summary" | "task" | "taskRemark" | "taskText" | "why";

const VIEW_TYPE = "assist.answer";
const SHOWN_KIND = "assist.shownAnswer";
/** The commands that links in the panel may run. */
const LINKED_COMMANDS = ["workbench.action.openSettings"];
const STYLE = `
  body { padding: 0 1.5em 1em; line-height: 1.5; font-size: var(--vscode-font-size); }
  pre { padding: .6em .8em; white-space: pre-wrap; overflow-wrap: anywhere; }
  pre { background: var(--vscode-textCodeBlock-background); }
  code { font-family: var(--vscode-editor-font-family); font-size: .95em; }
  pre code { background: none; color: var(--vscode-editor-foreground); }
  hr { border: none; border-top: 1px solid; opacity: .3; }
  blockquote { margin-left: 0; color: var(--vscode-descriptionForeground); }
  blockquote strong { color: var(--vscode-foreground); }
`;

export class AnswerPanel implements Disposable {
  private readonly closed = new EventEmitter<void>();
  /** Fires when the user has closed the panel. */
  readonly onDidClose = this.closed.event;
  private panel: WebviewPanel | undefined;

  dispose(): void {
    this.panel?.dispose();
    this.closed.dispose();
  }

  /** Shows Markdown in the panel, which opens beside the editor if it is not open yet. */
  async show(kind: AnswerKind, title: string, markdown: string): Promise<void> {
    const body = await commands.executeCommand<string>("markdown.api.render", markdown);
    const panel = this.panel ?? this.create();
    panel.title = title;
    panel.webview.html = page(title, body);
    await commands.executeCommand("setContext", SHOWN_KIND, kind);
    panel.reveal();
  }

  /** Shows more of an answer, in place, in the panel that is open. */
  async update(markdown: string): Promise<void> {
    const body = await commands.executeCommand<string>("markdown.api.render", markdown);
    await this.panel?.webview.postMessage(body);
  }

  private create(): WebviewPanel {
    const panel = window.createWebviewPanel(VIEW_TYPE, "Assist", columnForAnswers(), {
      enableCommandUris: LINKED_COMMANDS,
      enableFindWidget: true,
      enableScripts: true,
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.closed.fire();
    });
    this.panel = panel;
    return panel;
  }
}

/** Returns another column that is open already, or a new one: a third would be too narrow. */
function columnForAnswers(): ViewColumn {
  const { all, activeTabGroup } = window.tabGroups;
  const other = all.find(({ viewColumn }) => viewColumn !== activeTabGroup.viewColumn);
  return other?.viewColumn ?? ViewColumn.Beside;
}

/**
 * Returns a page that may run no script but its own, as its text comes from a model, and from files
 * that may not be trusted.
 */
function page(title: string, body: string): string {
  const nonce = randomBytes(16).toString("hex");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'`;
  const script = "addEventListener('message', ({ data }) => { document.body.innerHTML = data; });";
  return `<!DOCTYPE html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title.replace(/[&<>"]/g, "")}</title><style>${STYLE}</style>
<script nonce="${nonce}">${script}</script></head><body>${body}</body></html>`;
}
