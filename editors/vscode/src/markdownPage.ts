/** A page of Markdown that exists nowhere on disk, rendered beside the editor. */

import {
  commands,
  Disposable,
  TabInputWebview,
  type TextDocumentContentProvider,
  Uri,
  window,
  workspace,
} from "vscode";

export class MarkdownPage implements TextDocumentContentProvider, Disposable {
  private readonly uri: Uri;
  private readonly parts: Disposable;
  private text = "";
  private numberShown = 0;

  /**
   * @param name names the page in its tab
   * @param activeContext the context key that is true while the page is the active tab
   */
  constructor(
    private readonly name: string,
    private readonly activeContext: string,
  ) {
    const scheme = `assist-${name.toLowerCase()}`;
    this.uri = Uri.from({ scheme, path: `/${name}.md` });
    this.parts = Disposable.from(
      workspace.registerTextDocumentContentProvider(scheme, this),
      window.tabGroups.onDidChangeTabs(() => this.tellWhetherActive()),
      window.tabGroups.onDidChangeTabGroups(() => this.tellWhetherActive()),
    );
  }

  dispose(): void {
    this.parts.dispose();
  }

  provideTextDocumentContent(): string {
    return this.text;
  }

  async show(text: string): Promise<void> {
    this.text = text;
    this.numberShown += 1;
    // An address of its own: of the last one, the editor may still remember the text.
    const uri = this.uri.with({ query: String(this.numberShown) });
    await commands.executeCommand("markdown.showPreviewToSide", uri);
  }

  /** A preview does not tell what it shows, but its tab is called after the page. */
  private tellWhetherActive(): Thenable<void> {
    const tab = window.tabGroups.activeTabGroup.activeTab;
    const isActive =
      tab?.input instanceof TabInputWebview &&
      tab.input.viewType.endsWith("markdown.preview") &&
      tab.label.includes(`${this.name}.md`);
    return commands.executeCommand("setContext", this.activeContext, isActive);
  }
}

/** Text that stays text in Markdown. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, "\\$&").replace(/\s+/g, " ");
}
