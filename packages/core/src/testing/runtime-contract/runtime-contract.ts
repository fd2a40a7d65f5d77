import type { RuntimeCase } from "./environment.ts";
import { flowCases } from "./flow-cases.ts";
import { lifeCases } from "./life-cases.ts";
import { messageCases } from "./message-cases.ts";
import { turnCases } from "./turn-cases.ts";
import { waitCases } from "./wait-cases.ts";

/** What every runtime promises (CORE.md). Run it with `declareContract` or `runContract`. */
export const runtimeContract: readonly RuntimeCase[] = [
  ...messageCases,
  ...turnCases,
  ...waitCases,
  ...lifeCases,
  ...flowCases,
];
