import { copyFileSync } from "node:fs";
import { listRuns, type Run } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { type SqliteStore, sqliteStore } from "@troupe/sqlite";
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
import type { Benchmark } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCost } from "../harness/measure.ts";
import { openTemporaryStore, temporaryFile } from "./temporary-store.ts";

interface LangGraphPeer {
  createResume(messages: number, file: string): Promise<() => Promise<number>>;
}

interface LongRun {
  readonly path: string;
  readonly snapshotMs: number;
  readonly remove: () => Promise<void>;
}

/** A run of so many messages in a file; whoever owns it takes snapshots near its end. `isLeft`: its process goes before it is over. */
async function talkInFile(messages: number, isLeft: boolean): Promise<LongRun> {
  const { store, path, remove } = openTemporaryStore({ sync: "normal" });
  let snapshotMs = Number.POSITIVE_INFINITY;
  const onTurn = (turns: number, run: Run<unknown>): void => {
    if (turns < messages - 20 || turns > messages) return;
    const startedAt = performance.now();
    const snapshot = run.handle.snapshot();
    snapshotMs = Math.min(snapshotMs, performance.now() - startedAt);
    if (snapshot.messages.length < turns - 4) throw new Error(`only ${snapshot.messages.length} messages`);
  };
  await talk(store, { messages, isLeft, onTurn });
  return { path, snapshotMs, remove };
}

/** Attaches in a new runtime on a copy of the file; milliseconds until all was seen. */
async function measureAttach(
  from: string,
  repetitions: number,
  see: See,
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const copies = Array.from({ length: repetitions + 1 }, () => temporaryFile());
  for (const copy of copies) copyFileSync(from, copy.path);
  const opened: (readonly [InProcessRuntime, SqliteStore])[] = [];
  const cost = await leastCost(repetitions, async () => {
    const store = sqliteStore(copies[opened.length]?.path ?? "", { sync: "normal" });
    const runtime = new InProcessRuntime({ store });
    opened.push([runtime, store]);
    await see(createTalkers(1_000_000), runtime);
  });
  for (const [runtime, store] of opened) {
    await runtime.close({ graceMs: 0 });
    await store.close();
  }
  for (const copy of copies) copy.remove();
  return cost;
}

/** Milliseconds of listing so many runs that wait for answers, each in a session of its own, in a file just opened. */
async function measureList(count: number, repetitions: number): Promise<number> {
  const { store, reopen, remove } = openTemporaryStore({ sync: "normal" });
  const at = 1_767_225_600_000;
  const note = async (index: number): Promise<void> => {
    const cell = `asker/session-${index}`;
    const runs = [{ runId: `run-${index}`, status: "waiting", sequence: 3, questions: 1 }] as const;
    const fence = await store.claim(cell, "bench");
    await store.append(cell, fence, [{ kind: "recovered", at }], { isBusy: true, runs });
  };
  await Promise.all(Array.from({ length: count }, (_, index) => note(index)));
  await store.close();
  const { wallMs } = await leastCost(repetitions, async () => {
    const again = reopen();
    const runtime = new InProcessRuntime({ store: again });
    const listed = await listRuns(runtime, { status: ["waiting"], limit: count });
    if (listed.length !== count) throw new Error(`${listed.length} of ${count} runs`);
    await runtime.close();
    await again.close();
  });
  await remove();
  return wallMs;
}

/** Milliseconds in which LangGraph.js finds the state of a thread of so many messages in a file. */
async function measureLangGraph(messages: number, repetitions: number): Promise<number> {
  const peer = await loadPeer<LangGraphPeer>("langgraph-tools");
  const file = temporaryFile();
  const again = await peer.createResume(messages, file.path);
  const { wallMs } = await leastCost(repetitions, async () => {
    if ((await again()) !== messages) throw new Error("the thread lost messages");
  });
  file.remove();
  return wallMs;
}

/** What it takes to go on where a process has ended. */
export const resume: Benchmark = {
  claim:
    "a run of 10,000 messages is taken up again in 200 ms after a restart; a snapshot of it takes 5 ms; 10,000 waiting runs are listed in 200 ms",
  run: async (scale) => {
    const [messages, repetitions] = [scale.count(10_000, 60), scale.count(7, 1)];
    const what = `a run of ${messages.toLocaleString("en-US")} messages`;
    const ended = await talkInFile(messages, false);
    const result = await measureAttach(ended.path, repetitions, seeResult(messages));
    await ended.remove();
    const left = await talkInFile(messages, true);
    const from = (await lastSequence(sqliteStore(left.path))) + 1;
    const event = await measureAttach(left.path, repetitions, seeEvent(from));
    await left.remove();
    const conversation = openTemporaryStore({ sync: "normal" });
    await converse(messages, conversation.reopen);
    const next = await measureAttach(conversation.path, repetitions, seeNextRun(messages));
    await conversation.remove();
    const runs = scale.count(10_000, 50);
    const langGraph = await measureLangGraph(messages, repetitions);
    return [
      { label: `run.snapshot() of ${what}, while it goes on`, value: left.snapshotMs, unit: "ms", limit: 5 },
      { label: `${what} that was left: attach, to its first new event`, value: event.wallMs, unit: "ms", limit: 200 },
      { label: "its CPU", value: event.cpuMs, unit: "ms CPU" },
      {
        label: `${what} that had ended: attach, to its result`,
        value: result.wallMs,
        unit: "ms",
        limit: 200,
        beside: [{ name: "LangGraph.js, getState of a thread", value: langGraph, role: "for-scale" }],
      },
      { label: "its CPU", value: result.cpuMs, unit: "ms CPU" },
      {
        label: `a conversation of ${messages.toLocaleString("en-US")} messages, each run in its own process: its next run's first event`,
        value: next.wallMs,
        unit: "ms",
        limit: 200,
      },
      { label: "its CPU", value: next.cpuMs, unit: "ms CPU" },
      {
        label: `listing ${runs.toLocaleString("en-US")} waiting runs, file just opened`,
        value: await measureList(runs, repetitions),
        unit: "ms",
        limit: 200,
      },
    ];
  },
};
