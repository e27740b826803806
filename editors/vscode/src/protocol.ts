/** Positions and ranges in the form that the server's commands take. */

import type { Position, Range } from "vscode";

export interface ProtocolPosition {
  readonly line: number;
  readonly character: number;
}

export interface ProtocolRange {
  readonly start: ProtocolPosition;
  readonly end: ProtocolPosition;
}

export function positionOf({ line, character }: Position): ProtocolPosition {
  return { line, character };
}

export function rangeOf({ start, end }: Range): ProtocolRange {
  return { start: positionOf(start), end: positionOf(end) };
}
