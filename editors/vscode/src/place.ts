/** The place that a summary is of: what moves it, and what it is called. */

import type { TextDocument, TextDocumentContentChangeEvent } from "vscode";
import { escaped } from "./markdown";
import type { ProtocolRange } from "./protocol";

type Change = Pick<TextDocumentContentChangeEvent, "rangeOffset" | "rangeLength" | "text">;

/** What a summary is of, in offsets that change as its document does. */
export interface Place {
  readonly document: TextDocument;
  start: number;
  end: number;
}

/** Keeps the place on its text, whatever is changed elsewhere. */
export function move(place: Pick<Place, "start" | "end">, change: Change): void {
  const { rangeOffset, rangeLength, text } = change;
  const changeEnd = rangeOffset + rangeLength;
  const growth = text.length - rangeLength;
  if (changeEnd <= place.start) {
    place.start += growth;
    place.end += growth;
  } else if (rangeOffset < place.end) {
    place.start = Math.min(place.start, rangeOffset);
    place.end = Math.max(place.end, changeEnd) + growth;
  }
}

/** The place in words, in Markdown. */
export function origin(path: string, { start, end }: ProtocolRange): string {
  const name = escaped(path.split("/").at(-1) ?? "");
  const lastLine = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return `*${name}, lines ${(start.line + 1).toFixed(0)} to ${lastLine.toFixed(0)}*`;
}
