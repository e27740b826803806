/** The place in a document that a summary is about. */

import type { TextDocument, TextDocumentContentChangeEvent } from "vscode";
import { escaped } from "./markdown";
import type { ProtocolRange } from "./protocol";

type Change = Pick<TextDocumentContentChangeEvent, "rangeOffset" | "rangeLength" | "text">;

/** A part of a document, in offsets that follow the document's changes. */
export interface Place {
  readonly document: TextDocument;
  start: number;
  end: number;
}

/** Moves the place with its text after a change of the document. */
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

/** Returns the place in words, in Markdown. */
export function origin(path: string, { start, end }: ProtocolRange): string {
  const name = escaped(path.split("/").at(-1) ?? "");
  const lastLine = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return `*${name}, lines ${(start.line + 1).toFixed(0)} to ${lastLine.toFixed(0)}*`;
}
