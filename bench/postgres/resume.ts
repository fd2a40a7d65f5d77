import { RoundRobinGroupChat } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { type PostgresStore, postgresStore } from "@troupe/postgres";
import { missingPostgres, startPostgres } from "../../extensions/postgres/test/support/postgres-server.ts";
import { Speaker } from "../agentchat/speakers.ts";
import type { Benchmark, Figure, Scale } from "../harness/benchmark.ts";
import { type Cost, leastCosts } from "../harness/measure.ts";
import { type BenchDatabase, type BenchServer, benchServer } from "./bench-server.ts";

const runId = "long";

/** Two who say a word in turns. */
function createTeam(turns: number, onTurn?: () => void): RoundRobinGroupChat {
  const participants = [new Speaker("left", onTurn), new Speaker("right")];
  return new RoundRobinGroupChat({ name: "long", participants, maxTurns: turns, budget: "unbounded" });
}

/** A run of so many messages in a database of its own. `isLeft`: its process goes before it is over. */
async function talk(server: BenchServer, messages: number, isLeft: boolean): Promise<BenchDatabase> {
  const database = await server.create();
  const store = postgresStore({ connectionString: database.connectionString });
  const runtime = new InProcessRuntime({ store });
  let turns = 0;
  const reached = Promise.withResolvers<void>();
  const team = createTeam(isLeft ? messages * 2 : messages, () => {
    turns += 2;
    if (turns === messages) reached.resolve();
  });
  const run = team.run("go", { runtime, runId });
  if (isLeft) {
    await reached.promise;
    // Left in the middle: closing records nothing, as a death does not.
    run.handle.result().catch(() => {});
    await runtime.close({ graceMs: 0 });
  } else {
    await run;
    await runtime.close();
  }
  await store.close();
  return database;
}

const messagesPerRun = 20;

/** A conversation of so many messages, every run of which had an owner of its own, as if each had a process of its own. */
async function converse(server: BenchServer, messages: number): Promise<BenchDatabase> {
  const database = await server.create();
  const store = postgresStore({ connectionString: database.connectionString });
  for (let written = 0; written < messages; written += messagesPerRun) {
    const runtime = new InProcessRuntime({ store });
    // The task is a message too.
    await createTeam(messagesPerRun - 1)
      .session("long", { runtime })
      .run("go");
    await runtime.close();
  }
  await store.close();
  return database;
}

/** Number of the last event in a database's only cell. */
async function lastSequence({ connectionString }: BenchDatabase): Promise<number> {
  const store = postgresStore({ connectionString });
  const [cell] = await store.cells();
  const records = await store.read(cell?.cell ?? "");
  await store.close();
  return records.reduce((last, record) => ("events" in record ? (record.events?.at(-1)?.sequence ?? last) : last), 0);
}

type See = (team: RoundRobinGroupChat, runtime: InProcessRuntime) => Promise<void>;

/** The result of a run that had ended. */
const seeResult =
  (messages: number): See =>
  async (team, runtime) => {
    const result = await team.attach(runId, { runtime });
    if (result.messages.length !== messages + 1) throw new Error(`${result.messages.length} messages`);
  };

/** The first event that is new of a run that goes on. */
const seeEvent =
  (from: number): See =>
  async (team, runtime) => {
    const { handle } = team.attach(runId, { runtime });
    handle.result().catch(() => {});
    for await (const event of handle.events({ from })) {
      if (event.isLive) continue;
      if (event.sequence !== from) throw new Error(`event ${event.sequence} instead of ${from}`);
      return;
    }
    throw new Error("the run did not go on");
  };

/** The first event of a conversation's next run. */
const seeNextRun =
  (messages: number): See =>
  async (team, runtime) => {
    const session = team.session("long", { runtime });
    const { handle } = session.run("go on");
    handle.result().catch(() => {});
    for await (const event of handle.events()) if (!event.isLive) break;
    const known = await session.messages();
    if (known.length < messages) throw new Error(`${known.length} messages`);
  };

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
    const store = change(postgresStore({ connectionString: (copies[opened.length] ?? database).connectionString }));
    const runtime = new InProcessRuntime({ store });
    opened.push([runtime, store]);
    await see(createTeam(1_000_000), runtime);
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
  const ended = await talk(server, messages, false);
  const result = await measureAttach({
    server,
    database: ended,
    repetitions,
    see: seeResult(messages),
    isWritten: false,
  });
  const left = await talk(server, messages, true);
  const see = seeEvent((await lastSequence(left)) + 1);
  const event = await measureAttach({ server, database: left, repetitions, see });
  const conversation = await converse(server, messages);
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
