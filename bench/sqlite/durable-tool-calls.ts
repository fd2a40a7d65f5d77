import { InProcessRuntime, MemoryStore, type Store } from "@troupe/core";
import type { AiSdkModel, ChatModel } from "@troupe/llm";
import { createAdder } from "../agentchat/adder.ts";
import { addingModel } from "../agentchat/speakers.ts";
import type { Beside, Benchmark, Figure, Scale } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCosts } from "../harness/measure.ts";
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

  async run(): Promise<void> {
    this.#sessions += 1;
    const { text } = await this.#agent.session(`session-${this.#sessions}`, { runtime: this.#runtime }).run("Add.");
    if (text !== "done") throw new Error(`the agent said "${text}"`);
  }

  close(): Promise<void> {
    return this.#runtime.close();
  }
}

interface Costs {
  readonly memory: number;
  readonly normal: number;
  readonly full: number;
}

/** Milliseconds of CPU of a run with so many tool calls on each store. */
async function measureStores(scale: Scale, calls: number, createModel: () => AiSdkModel | ChatModel): Promise<Costs> {
  const files = [openTemporaryStore({ sync: "normal" }), openTemporaryStore({ sync: "full" })] as const;
  const memory = new Bench(new MemoryStore(), calls, createModel());
  const normal = new Bench(files[0].store, calls, createModel());
  const full = new Bench(files[1].store, calls, createModel());
  const costs = await leastCosts(scale.count(calls > 100 ? 8 : 40, 1), {
    memory: () => memory.run(),
    normal: () => normal.run(),
    full: () => full.run(),
  });
  for (const bench of [memory, normal, full]) await bench.close();
  for (const file of files) await file.remove();
  return { memory: costs.memory.cpuMs, normal: costs.normal.cpuMs, full: costs.full.cpuMs };
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

/** The same loop in LangGraph.js. */
async function besideLangGraph(scale: Scale, calls: number): Promise<readonly Beside[]> {
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
  return [
    { name: "LangGraph.js without checkpoints", value: costs.bare.cpuMs, role: "for-scale" },
    { name: "its memory saver", value: costs.memory.cpuMs, role: "for-scale" },
    { name: "its SQLite saver (NORMAL)", value: costs.sqlite.cpuMs, role: "for-scale" },
    { name: "bytes of that file for each call", value: bytes, role: "for-scale" },
  ];
}

function storeFigures(calls: number, model: string, { memory, normal, full }: Costs): readonly Figure[] {
  const what = `${calls.toLocaleString("en-US")} calls, ${model}`;
  return [
    { label: `${what}: in memory`, value: memory, unit: "ms CPU" },
    { label: `${what}: SQLite, NORMAL`, value: normal, unit: "ms CPU" },
    { label: `${what}: SQLite, FULL`, value: full, unit: "ms CPU" },
    { label: `${what}: NORMAL against memory`, value: normal / memory, unit: "x", limit: 2 },
    { label: `${what}: FULL against memory`, value: full / memory, unit: "x" },
  ];
}

/** What it costs that no tool call is repeated and no outcome is lost. */
export const durableToolCalls: Benchmark = {
  claim:
    "100 tool calls, each durable before it runs and when it ended, cost at most twice the CPU of the same in memory (SQLite, NORMAL), 2 KiB a call, linearly",
  run: async (scale) => {
    const [few, many] = [scale.count(100, 4), scale.count(1_000, 8)];
    const aiSdk = await loadPeer<AiSdkPeer>("ai-sdk");
    const plain = await measureStores(scale, few, () => addingModel(few));
    const sdk = await measureStores(scale, few, () => aiSdk.mockModel(few));
    const long = await measureStores(scale, many, () => addingModel(many));
    const [ofMemory, ofStore] = [long.memory / plain.memory, long.normal / plain.normal];
    return [
      ...storeFigures(few, "AI SDK model", sdk),
      ...storeFigures(few, "plain model", plain),
      {
        label: `one of ${many.toLocaleString("en-US")} calls against one of ${few}: SQLite, NORMAL`,
        value: (ofStore * few) / many,
        unit: "x",
        limit: 1.2,
        beside: [{ name: "in memory", value: (ofMemory * few) / many, role: "for-scale" }],
      },
      {
        label: `${few} calls in LangGraph.js, plain model: ours with SQLite, NORMAL`,
        value: plain.normal,
        unit: "ms CPU",
        beside: await besideLangGraph(scale, few),
      },
      { label: `the file, for each of ${few} calls`, value: await bytesOfCall(few), unit: "bytes", limit: limitBytes },
      {
        label: `the file, for each of ${many.toLocaleString("en-US")} calls`,
        value: await bytesOfCall(many),
        unit: "bytes",
        limit: limitBytes,
      },
    ];
  },
};
