// Copyright 2024 Example Inc.

/** Answers requests for pieces. */

import express from "express";
import { stock } from "./stock";

function hidden(a: number) {
  return a;
}

/** Starts the server. Waits. */
export function start(port: number) {
  express().listen(port);
}
