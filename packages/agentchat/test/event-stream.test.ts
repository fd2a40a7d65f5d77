import {
  AssistantAgent,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type RunEvent,
  toEventStream,
} from "@troupe/agentchat";
import { createIdSource, InProcessRuntime } from "@troupe/core";
import { createSeededRandom, ManualClock } from "@troupe/core/testing";
import { tool } from "@troupe/llm";
import { byTurn, reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Machine } from "./support/processes.ts";

interface Sent {
  readonly id: string | undefined;
  readonly event: RunEvent;
}

/** Reads blocks of an event stream until it ends, or until so many durable ones have come. */
async function read(stream: ReadableStream<Uint8Array>, most = Number.POSITIVE_INFINITY): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1] ?? "null";
      sent.push({ id, event: JSON.parse(data) as RunEvent });
    }
    if (sent.filter((each) => each.id !== undefined).length >= most) break;
  }
  return sent;
}

/** A browser: it keeps whole events only, and comes back with the number of the last one. */
class Client {
  readonly seen: RunEvent[] = [];
  lastEventId: string | undefined;
  #text = "";

  /** Reads a few chunks and a part of the next one, then loses the connection. */
  async readSome(stream: ReadableStream<Uint8Array>, random: { next(): number }): Promise<void> {
    this.#text = "";
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    for (let chunks = Math.floor(random.next() * 6); chunks >= 0; chunks--) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#take(decoder.decode(chunks > 0 ? value : value.subarray(0, Math.floor(random.next() * value.length))));
    }
    await reader.cancel();
  }

  async readAll(stream: ReadableStream<Uint8Array>): Promise<void> {
    this.#text = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.#take(decoder.decode(chunk));
  }

  #take(text: string): void {
    const blocks = (this.#text + text).split("\n\n");
    this.#text = blocks.pop() ?? "";
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      if (id === undefined) continue;
      this.lastEventId = id;
      this.seen.push(JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null") as RunEvent);
    }
  }
}

const talk = (messages = 5): RoundRobinGroupChat =>
  new RoundRobinGroupChat({
    name: "talk",
    participants: ["a", "b"].map(
      (name) =>
        new AssistantAgent({
          name,
          model: new ScriptedModel((_request, { turn }) => reply.text(`${name}${turn}\nline`, { delayMs: 1 })),
        }),
    ),
    termination: new MaxMessageTermination(messages),
  });

describe("toEventStream", () => {
  it("sends every durable event with its number, and live ones without", async () => {
    await using team = talk();
    const run = team.run("go");
    const sent = await read(toEventStream(run));
    const ids = sent.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]));
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect(sent.at(-1)?.event.kind).toBe("run-finished");
    expect(sent.some(({ id, event }) => id === undefined && event.kind === "text-delta")).toBe(true);
    expect((await run).stopReason.kind).toBe("condition");
  });

  it("gives a reader that leaves at any point and comes back exactly what it missed; the run goes on", async () => {
    await using team = talk();
    const whole = await read(toEventStream(team.run("go")));
    const last = whole.filter(({ id }) => id !== undefined).length;
    for (let leaveAt = 1; leaveAt < last; leaveAt++) {
      const run = team.run("go");
      const first = await read(toEventStream(run), leaveAt);
      const lastEventId = first.findLast(({ id }) => id !== undefined)?.id;
      const second = await read(toEventStream(run, { lastEventId }));
      const ids = [...first, ...second].flatMap(({ id }) => (id === undefined ? [] : [Number(id)]));
      expect(ids).toEqual(Array.from({ length: last }, (_, index) => index + 1));
      expect((await run).stopReason.kind).toBe("condition");
    }
  });

  it("shows a client that is cut off at 50 random points, also while its process dies, the identical durable sequence", async () => {
    for (const seed of [1, 2, 3]) {
      const random = createSeededRandom(seed);
      await using machine = new Machine();
      const create = (): RoundRobinGroupChat => talk(61);
      let process = machine.start();
      let run = create().run("go", { runtime: process.runtime, runId: "r" });
      const client = new Client();
      for (let cut = 1; cut <= 50; cut++) {
        await client.readSome(toEventStream(run, { lastEventId: client.lastEventId }), random);
        if (cut % 17 !== 0) continue;
        process.kill();
        process = machine.start();
        run = create().attach("r", { runtime: process.runtime });
      }
      await client.readAll(toEventStream(run, { lastEventId: client.lastEventId }));
      const later = create().attach("r", { runtime: machine.start().runtime });
      const log: RunEvent[] = [];
      for await (const event of later.events()) if (!event.isLive) log.push(event);
      expect(log.at(-1)?.kind).toBe("run-finished");
      expect(log.length).toBeGreaterThan(100);
      expect(client.seen).toEqual(log);
    }
  });

  it("ignores an id that is not a number", async () => {
    await using team = talk();
    const run = team.run("go");
    await run;
    for (const lastEventId of [null, undefined, "", "nonsense", "-1"]) {
      expect((await read(toEventStream(run, { lastEventId })))[0]?.id).toBe("1");
    }
  });
});

describe("a seeded runtime", () => {
  it("I11: gives the identical durable event log for the same seed", async () => {
    const add = tool({ name: "add", description: "", input: z.object({}), execute: () => 1 });
    const log = async (): Promise<string> => {
      await using runtime = new InProcessRuntime({
        clock: new ManualClock(),
        ids: createIdSource("seed"),
        parkAfterMs: 0,
      });
      const model = new ScriptedModel(byTurn([reply.toolCalls([{ name: "add" }, { name: "add" }]), "one", "two"]));
      const worker = new AssistantAgent({ name: "worker", model, tools: [add] });
      const checker = new AssistantAgent({ name: "checker", model: new ScriptedModel(byTurn(["fine", "done"])) });
      const inner = new RoundRobinGroupChat({ name: "inner", participants: [checker], maxTurns: 1 });
      const team = new RoundRobinGroupChat({ name: "team", participants: [worker, inner], maxTurns: 4 });
      const events: RunEvent[] = [];
      for await (const event of team.run("go", { runtime, runId: "r" }).events()) if (!event.isLive) events.push(event);
      return JSON.stringify(events, undefined, 1);
    };
    const first = await log();
    expect(first.match(/"kind": "message"/g)).toHaveLength(5);
    for (let index = 0; index < 3; index++) expect(await log()).toBe(first);
  });
});
