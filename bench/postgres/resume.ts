import { InProcessRuntime } from "@troupe/core";
import { type PostgresStore, postgresStore } from "@troupe/postgres";
import { missingPostgres, startPostgres } from "../../extensions/postgres/test/support/postgres-server.ts";
import {
  converse,
  createTalkers,
  lastSequence,
  type See,
  seeEvent,
  seeNextRun,
  seeResult,
  talk,
} from "../agentchat/long-run.ts";
import type { Benchmark, Figure, Scale } from "../harness/benchmark.ts";
import { type Cost, leastCosts } from "../harness/measure.ts";
import { type BenchDatabase, type BenchServer, benchServer } from "./bench-server.ts";

function open({ connectionString }: BenchDatabase): PostgresStore {
  return postgresStore({ connectionString });
}

/** A store that reads every record, whatever is wanted of them: what it takes where there are no summaries. */
function withoutViews(store: PostgresStore): PostgresStore {
  const read = store.read.bind(store);
  store.read = (cell, range) => read(cell, { ...range, view: undefined });
  return store;
}

interface Attaching {
  readonly server: BenchServer;
  readonly database: BenchDatabase;
  readonly repetitions: number;
  readonly see: See;
  /** False when seeing it changes nothing: then no copies are needed. Default true. */
  readonly isWritten?: boolean;
}

/** Attaches with a new store and runtime on a database as it was left, in both ways in turns; the cost until all was seen. */
async function measureAttach(attaching: Attaching): Promise<Record<Way, Cost>> {
  const { server, database, repetitions, see, isWritten = true } = attaching;
  const copies: BenchDatabase[] = [];
  for (let index = 0; isWritten && index < 2 * (repetitions + 1); index++)
    copies.push(await server.create(database.name));
  const opened: (readonly [InProcessRuntime, PostgresStore])[] = [];
  const attach = async (change: (store: PostgresStore) => PostgresStore): Promise<void> => {
    const store = change(open(copies[opened.length] ?? database));
    const runtime = new InProcessRuntime({ store });
    opened.push([runtime, store]);
    await see(createTalkers(1_000_000), runtime);
  };
  /** A turn of its own: a run that goes on must take nothing from the next one. */
  const rest = async (): Promise<void> => {
    for (const [runtime, store] of opened) {
      await runtime.close({ graceMs: 0 });
      await store.close();
    }
  };
  const { whole, summed } = await leastCosts(repetitions, {
    whole: () => attach(withoutViews),
    rest,
    summed: () => attach((store) => store),
    restAgain: rest,
  });
  for (const copy of [...copies, database]) await copy.remove();
  return { whole, summed };
}

/** How a log is read: its summaries, or its records one by one. */
type Way = "whole" | "summed";

function figuresOf(label: string, { whole, summed }: Record<Way, Cost>): readonly Figure[] {
  const name = "each record read";
  return [
    {
      label,
      value: summed.wallMs,
      unit: "ms",
      limit: 200,
      beside: [{ name, value: whole.wallMs, role: "for-scale" }],
    },
    {
      label: "its CPU",
      value: summed.cpuMs,
      unit: "ms CPU",
      beside: [{ name, value: whole.cpuMs, role: "for-scale" }],
    },
  ];
}

async function measure(server: BenchServer, scale: Scale): Promise<readonly Figure[]> {
  const [messages, repetitions] = [scale.count(10_000, 60), scale.count(5, 1)];
  const many = `${messages.toLocaleString("en-US")} messages`;
  const [ended, left, conversation] = [await server.create(), await server.create(), await server.create()];
  await talk(open(ended), { messages, isLeft: false });
  const result = await measureAttach({
    server,
    database: ended,
    repetitions,
    see: seeResult(messages),
    isWritten: false,
  });
  await talk(open(left), { messages, isLeft: true });
  const see = seeEvent((await lastSequence(open(left))) + 1);
  const event = await measureAttach({ server, database: left, repetitions, see });
  await converse(messages, () => open(conversation));
  const next = await measureAttach({ server, database: conversation, repetitions, see: seeNextRun(messages) });
  return [
    ...figuresOf(`a run of ${many} that was left: attach, to its first new event`, event),
    ...figuresOf(`a run of ${many} that had ended: attach, to its result`, result),
    ...figuresOf(`a conversation of ${many}, each run with its own owner: its next run's first event`, next),
  ];
}

/** What it takes to go on where a process has ended, on a server of its own that listens on this machine. */
export const resume: Benchmark = {
  claim: "a run of 10,000 messages on PostgreSQL is taken up again in 200 ms after a restart, connecting included",
  run: async (scale) => {
    const missing = await missingPostgres();
    if (missing !== undefined) return [{ label: `skipped: ${missing}`, value: 0, unit: "" }];
    const server = await startPostgres();
    try {
      return await measure(benchServer(server), scale);
    } finally {
      await server.stop();
    }
  },
};
