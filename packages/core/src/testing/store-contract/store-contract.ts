import { concurrencyCases, otherConcurrencyCases } from "./concurrency-cases.ts";
import type { StoreCase } from "./environment.ts";
import { inboxCases, otherInboxCases } from "./inbox-cases.ts";
import { leaseCases } from "./lease-cases.ts";
import { durableCases, lifeCases, sweepCases } from "./life-cases.ts";
import { logCases } from "./log-cases.ts";
import { noteCases } from "./note-cases.ts";
import { emptyCellCases, ownerCases } from "./owner-cases.ts";
import { snapshotCases } from "./snapshot-cases.ts";

/** The cases that need `open`: a store that ends with its process skips them. */
export const otherProcessCases: readonly StoreCase[] = [...durableCases, ...otherInboxCases, ...otherConcurrencyCases];

/** What every store promises (C21-C24, C27). Run it with `declareContract` or `runContract`. */
export const storeContract: readonly StoreCase[] = [
  ...logCases,
  ...noteCases,
  ...ownerCases,
  ...emptyCellCases,
  ...leaseCases,
  ...snapshotCases,
  ...inboxCases,
  ...concurrencyCases,
  ...lifeCases,
  ...sweepCases,
  ...otherProcessCases,
];
