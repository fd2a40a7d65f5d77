import { InProcessRuntime, LogDecoder, LogEncoder, type StoreRecord } from "@troupe/core";
import { createAdder } from "../agentchat/adder.ts";
import { addingModel } from "../agentchat/speakers.ts";
import { createTalk } from "../agentchat/talk.ts";
import type { Benchmark, Figure, Scale } from "../harness/benchmark.ts";
import { leastCost } from "../harness/measure.ts";
import { RecordingStore } from "./recording-store.ts";

type Appends = readonly (readonly StoreRecord[])[];

/** What a conversation of two appends to its cell's log. */
async function conversation(turns: number, bytes: number): Promise<Appends> {
  const store = new RecordingStore();
  const runtime = new InProcessRuntime({ store });
  const { messages } = await createTalk(turns, bytes).session("bench", { runtime }).run("go");
  await runtime.close();
  if (messages.length !== turns + 1) throw new Error(`${messages.length} messages after ${turns} turns`);
  return store.appends;
}

/** What a turn with so many tool calls appends. */
async function toolCalls(calls: number): Promise<Appends> {
  const store = new RecordingStore();
  const runtime = new InProcessRuntime({ store });
  await createAdder(calls, addingModel(calls)).session("bench", { runtime }).run("Add.");
  await runtime.close();
  return store.appends;
}

const encodeAll = (appends: Appends): readonly string[] => {
  const encoder = new LogEncoder();
  return appends.map((records) => encoder.encode(records).text);
};

const bytesOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** Microseconds of CPU for each of some things that are done in one go, repeated until it can be measured. */
async function microseconds(scale: Scale, count: number, once: () => void): Promise<number> {
  const repetitions = scale.count(10, 1);
  const cost = await leastCost(scale.count(5, 1), async () => {
    for (let repetition = 0; repetition < repetitions; repetition++) once();
  });
  return (cost.cpuMs * 1000) / (count * repetitions);
}

async function talkFigures(scale: Scale, bytes: number, limit: number): Promise<readonly Figure[]> {
  const turns = scale.count(1_000, 20);
  const appends = await conversation(turns, bytes);
  const texts = encodeAll(appends);
  const jsonBytes = bytesOf(appends.map((records) => JSON.stringify(records)));
  const encoding = await microseconds(scale, appends.length, () => void encodeAll(appends));
  const decoding = await microseconds(scale, appends.length, () => {
    const decoder = new LogDecoder();
    for (const text of texts) decoder.decode(text);
  });
  return [
    {
      label: `a turn with a message of ${bytes} bytes, in a log of ${turns}`,
      value: bytesOf(texts) / turns,
      unit: "bytes",
      limit,
      beside: [{ name: "as JSON", value: jsonBytes / turns, role: "for-scale" }],
    },
    { label: `encoding one of its appends`, value: encoding, unit: "us CPU", limit: bytes < 100 ? 15 : undefined },
    { label: `decoding one`, value: decoding, unit: "us CPU" },
    {
      label: `decoding, for each MB of JSON`,
      value: (decoding * appends.length) / (jsonBytes / 1e6) / 1000,
      unit: "ms CPU",
      limit: 33,
    },
  ];
}

/** What a log takes as text, and what it costs to make and to read that text. */
export const logCodec: Benchmark = {
  claim:
    "a turn with a message of 500 bytes is stored in 700, one of 50 in 350; an append is encoded in 15 us, 30 MB/s are decoded",
  run: async (scale) => {
    const calls = scale.count(400, 10);
    const texts = encodeAll(await toolCalls(calls));
    return [
      ...(await talkFigures(scale, 500, 700)),
      ...(await talkFigures(scale, 50, 350)),
      { label: `a tool call with its model call, in a turn of ${calls}`, value: bytesOf(texts) / calls, unit: "bytes" },
    ];
  },
};
