import { InProcessRuntime, MemoryStore, type Store } from "@troupe/core";
import type { AiSdkModel, ChatModel } from "@troupe/llm";
import { createAdder } from "../agentchat/adder.ts";
import { addingModel } from "../agentchat/speakers.ts";
import type { Beside, Benchmark, Figure, Scale } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCosts } from "../harness/measure.ts";
import { BareStore } from "./bare-store.ts";
import { openTemporaryStore, temporaryFile } from "./temporary-store.ts";

interface AiSdkPeer {
  mockModel(rounds: number): AiSdkModel;
}

interface LangGraphPeer {
  createToolLoops(
    calls: number,
    file: string,
  ): Readonly<Record<"bare" | "memory" | "sqlite", () => Promise<number>>> & { readonly close: () => void };
}

/** What a call may add to its own arguments and result. */
const limitBytes = 2_048;

/** One agent on one open runtime, as a server has it; each run is a session of its own. */
class Bench {
  readonly #runtime: InProcessRuntime;
  readonly #agent: ReturnType<typeof createAdder>;
  #sessions = 0;

  constructor(store: Store, calls: number, model: AiSdkModel | ChatModel) {
    this.#runtime = new InProcessRuntime({ store });
    this.#agent = createAdder(calls, model);
  }

  async run(durability?: "turn"): Promise<void> {
    this.#sessions += 1;
    const session = this.#agent.session(`session-${this.#sessions}`, { runtime: this.#runtime });
    const { text } = await session.run("Add.", { durability });
    if (text !== "done") throw new Error(`the agent said "${text}"`);
  }

  async runTogether(runs: number): Promise<void> {
    await Promise.all(Array.from({ length: runs }, () => this.run()));
  }

  close(): Promise<void> {
    return this.#runtime.close();
  }
}

interface Costs {
  readonly memory: number;
  /** In memory, with the same bytes committed one append after the other: the floor of any durable store. */
  readonly bare: number;
  /** The same in one commit a call. */
  readonly bareByTurn: number;
  readonly normal: number;
  /** Outcomes of model calls wait for the claim of the tool that follows: one commit a call instead of two. */
  readonly byTurn: number;
  readonly full: number;
}

/** Milliseconds of CPU of a run with so many tool calls on each store. */
async function measureStores(scale: Scale, calls: number, createModel: () => AiSdkModel | ChatModel): Promise<Costs> {
  const files = [openTemporaryStore({ sync: "normal" }), openTemporaryStore({ sync: "full" })] as const;
  const bareStore = new BareStore();
  const memory = new Bench(new MemoryStore(), calls, createModel());
  const bare = new Bench(bareStore, calls, createModel());
  const normal = new Bench(files[0].store, calls, createModel());
  const full = new Bench(files[1].store, calls, createModel());
  const costs = await leastCosts(scale.count(40, 1), {
    memory: () => memory.run(),
    bare: () => bare.run(),
    bareByTurn: () => bare.run("turn"),
    normal: () => normal.run(),
    byTurn: () => normal.run("turn"),
    full: () => full.run(),
  });
  for (const bench of [memory, bare, normal, full]) await bench.close();
  for (const file of files) await file.remove();
  bareStore.remove();
  return {
    memory: costs.memory.cpuMs,
    bare: costs.bare.cpuMs,
    bareByTurn: costs.bareByTurn.cpuMs,
    normal: costs.normal.cpuMs,
    byTurn: costs.byTurn.cpuMs,
    full: costs.full.cpuMs,
  };
}

type Together = Pick<Costs, "memory" | "normal" | "full">;

/** Milliseconds of CPU of one of so many runs at once, which share commits. */
async function measureTogether(scale: Scale, calls: number, runs: number): Promise<Together> {
  const files = [openTemporaryStore({ sync: "normal" }), openTemporaryStore({ sync: "full" })] as const;
  const [memory, normal, full] = [new MemoryStore(), files[0].store, files[1].store].map(
    (store) => new Bench(store, calls, addingModel(calls)),
  ) as [Bench, Bench, Bench];
  const costs = await leastCosts(scale.count(8, 1), {
    memory: () => memory.runTogether(runs),
    normal: () => normal.runTogether(runs),
    full: () => full.runTogether(runs),
  });
  for (const bench of [memory, normal, full]) await bench.close();
  for (const file of files) await file.remove();
  return { memory: costs.memory.cpuMs / runs, normal: costs.normal.cpuMs / runs, full: costs.full.cpuMs / runs };
}

type Growth = Pick<Costs, "memory" | "normal">;

/** Milliseconds of CPU of a long run, only where they are compared with those of a short one. */
async function measureLong(scale: Scale, calls: number): Promise<Growth> {
  const file = openTemporaryStore({ sync: "normal" });
  const memory = new Bench(new MemoryStore(), calls, addingModel(calls));
  const normal = new Bench(file.store, calls, addingModel(calls));
  const costs = await leastCosts(scale.count(8, 1), { memory: () => memory.run(), normal: () => normal.run() });
  await memory.close();
  await normal.close();
  await file.remove();
  return { memory: costs.memory.cpuMs, normal: costs.normal.cpuMs };
}

/** Bytes by which a file grows for each tool call, without its own arguments and result. */
async function bytesOfCall(calls: number): Promise<number> {
  const sizes: number[] = [];
  for (const count of [0, calls]) {
    const { store, size, remove } = openTemporaryStore({ sync: "normal" });
    const bench = new Bench(store, count, addingModel(count));
    await bench.run();
    await bench.close();
    await store.close();
    sizes.push(size());
    await remove();
  }
  const [empty = 0, used = 0] = sizes;
  let own = 0;
  for (let call = 1; call <= calls; call++)
    own += JSON.stringify({ a: call, b: 1 }).length + JSON.stringify({ sum: call + 1 }).length;
  return (used - empty - own) / calls;
}

interface BesideLangGraph {
  readonly costs: readonly Beside[];
  readonly bytes: readonly Beside[];
}

/** The same loop in LangGraph.js. */
async function besideLangGraph(scale: Scale, calls: number): Promise<BesideLangGraph> {
  const peer = await loadPeer<LangGraphPeer>("langgraph-tools");
  const file = temporaryFile();
  const loops = peer.createToolLoops(calls, file.path);
  const checked = async (loop: () => Promise<number>): Promise<void> => {
    if ((await loop()) !== calls * 2 + 2) throw new Error("the graph lost messages");
  };
  const repetitions = scale.count(5, 1);
  const costs = await leastCosts(repetitions, {
    bare: () => checked(loops.bare),
    memory: () => checked(loops.memory),
    sqlite: () => checked(loops.sqlite),
  });
  loops.close();
  const bytes = file.size() / ((repetitions + 1) * calls);
  file.remove();
  return {
    costs: [
      { name: "LangGraph.js without checkpoints", value: costs.bare.cpuMs, role: "for-scale" },
      { name: "with its memory saver", value: costs.memory.cpuMs, role: "for-scale" },
      { name: "with its SQLite saver, NORMAL", value: costs.sqlite.cpuMs, role: "for-scale" },
    ],
    bytes: [{ name: "LangGraph.js, its SQLite saver", value: bytes, role: "for-scale" }],
  };
}

function storeFigures(calls: number, model: string, costs: Costs): readonly Figure[] {
  const { memory, bare, bareByTurn, normal, byTurn, full } = costs;
  const what = `${calls.toLocaleString("en-US")} calls, ${model}`;
  const unit = "ms CPU";
  return [
    { label: `${what}: in memory`, value: memory, unit },
    { label: `${what}: SQLite, NORMAL`, value: normal, unit },
    { label: `${what}: SQLite, NORMAL, durability "turn"`, value: byTurn, unit },
    { label: `${what}: SQLite, FULL`, value: full, unit },
    {
      label: `${what}: NORMAL against memory`,
      value: normal / memory,
      unit: "x",
      limit: 2,
      beside: [
        { name: "memory and a bare loop that commits the same bytes", value: bare / memory, role: "for-scale" },
        { name: "the same in one commit a call", value: bareByTurn / memory, role: "for-scale" },
      ],
    },
    { label: `${what}: FULL against memory`, value: full / memory, unit: "x" },
  ];
}

function togetherFigures(what: string, { memory, normal, full }: Together): readonly Figure[] {
  return [
    { label: `${what}: in memory, each`, value: memory, unit: "ms CPU" },
    { label: `${what}: NORMAL against memory`, value: normal / memory, unit: "x" },
    { label: `${what}: FULL against memory`, value: full / memory, unit: "x" },
  ];
}

/** How a long run grows, beside the same in memory. */
function growthFigure(long: Growth, short: Growth, calls: { readonly few: number; readonly many: number }): Figure {
  const growth = (store: "memory" | "normal"): number => long[store] / calls.many / (short[store] / calls.few);
  return {
    label: `one of ${calls.many.toLocaleString("en-US")} calls against one of ${calls.few}: SQLite, NORMAL`,
    value: growth("normal"),
    unit: "x",
    limit: 1.2,
    beside: [{ name: "in memory", value: growth("memory"), role: "for-scale" }],
  };
}

/** What it costs that no tool call is repeated and no outcome is lost. */
export const durableToolCalls: Benchmark = {
  claim:
    "100 tool calls, each durable before it runs and when it ended, cost at most twice the CPU of the same in memory (SQLite, NORMAL), 2 KiB a call, linearly",
  run: async (scale) => {
    const calls = { few: scale.count(100, 4), many: scale.count(1_000, 8) };
    const { few, many } = calls;
    const aiSdk = await loadPeer<AiSdkPeer>("ai-sdk");
    const plain = await measureStores(scale, few, () => addingModel(few));
    const sdk = await measureStores(scale, few, () => aiSdk.mockModel(few));
    const runs = scale.count(16, 2);
    const together = await measureTogether(scale, few, runs);
    const long = await measureLong(scale, many);
    const langGraph = await besideLangGraph(scale, few);
    const bytesFigure = async (count: number): Promise<Figure> => ({
      label: `the file, for each of ${count.toLocaleString("en-US")} calls`,
      value: await bytesOfCall(count),
      unit: "bytes",
      limit: limitBytes,
      beside: count === few ? langGraph.bytes : [],
    });
    return [
      ...storeFigures(few, "AI SDK model", sdk),
      ...storeFigures(few, "plain model", plain),
      ...togetherFigures(`${runs} runs at once of ${few} calls, plain model`, together),
      growthFigure(long, plain, calls),
      {
        label: `${few} calls, plain model: SQLite, NORMAL`,
        value: plain.normal,
        unit: "ms CPU",
        beside: langGraph.costs,
      },
      await bytesFigure(few),
      await bytesFigure(many),
    ];
  },
};
