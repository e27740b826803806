/** The comparison of a document with what it would be: a virtual document that changes meanwhile. */

import {
  commands,
  Disposable,
  EventEmitter,
  languages,
  type TextDocument,
  TabInputTextDiff,
  type TextDocumentContentProvider,
  Uri,
  window,
  workspace,
} from "vscode";

export const PREVIEW_SCHEME = "assist-preview";

export class TaskPreview implements TextDocumentContentProvider, Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly closed = new EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  /** Fires when the user has closed the comparison. */
  readonly onDidClose = this.closed.event;
  private readonly parts: Disposable;
  private uri: Uri | undefined;
  private content = "";
  private count = 0;

  constructor() {
    this.parts = Disposable.from(
      this.changed,
      this.closed,
      workspace.registerTextDocumentContentProvider(PREVIEW_SCHEME, this),
      window.tabGroups.onDidChangeTabs(({ closed }) => {
        if (this.uri && closed.some(({ input }) => this.isOurs(input))) {
          this.uri = undefined;
          this.closed.fire();
        }
      }),
    );
  }

  dispose(): void {
    this.parts.dispose();
  }

  provideTextDocumentContent(): string {
    return this.content;
  }

  get isOpen(): boolean {
    return this.uri !== undefined;
  }

  /** Opens the comparison of a document with another content. */
  async open(document: TextDocument, content: string, title: string): Promise<void> {
    await this.close();
    this.count += 1;
    this.content = content;
    const query = this.count.toFixed(0); // a new document each time: VS Code keeps old ones a while
    this.uri = Uri.from({ scheme: PREVIEW_SCHEME, path: document.uri.path, query });
    const preview = await workspace.openTextDocument(this.uri);
    await languages.setTextDocumentLanguage(preview, document.languageId);
    await commands.executeCommand("vscode.diff", document.uri, this.uri, title);
  }

  /** Shows another content. */
  update(content: string): void {
    if (this.uri && content !== this.content) {
      this.content = content;
      this.changed.fire(this.uri);
    }
  }

  async close(): Promise<void> {
    const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
    const ours = tabs.filter(({ input }) => this.isOurs(input));
    this.uri = undefined;
    await window.tabGroups.close(ours);
  }

  private isOurs(input: unknown): boolean {
    return input instanceof TabInputTextDiff && input.modified.toString() === this.uri?.toString();
  }
}
