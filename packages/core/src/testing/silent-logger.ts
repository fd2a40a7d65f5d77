import type { Logger } from "../observe/index.ts";

/** Says nothing: for tests whose agents fail on purpose. */
export const silentLogger: Logger = Object.freeze({ debug: () => {}, info: () => {}, warn: () => {}, error: () => {} });
