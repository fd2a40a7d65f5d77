import { ConfigError, createSeededRandom, type JsonValue, type RandomSource } from "@troupe/core";
import { type ChatMessage, type DiGraph, GraphFlow } from "@troupe/agentchat";
import { describe, expect, it } from "vitest";
import { Speaker } from "./support/graph-agents.ts";
import { below, randomAnswer, randomGraph } from "./support/random-graph.ts";
import { ReferenceGraph } from "./support/reference-graph.ts";

/** Change it to look elsewhere: `SEED` and the number of a graph name it for ever. */
const seed = "graphs";
const maxTurns = 60;

/** What is wrong with a graph, with the nodes it is about; the team when nothing is. */
function build(
  graph: DiGraph,
): { readonly flow: GraphFlow } | { readonly reason: string; readonly nodes: readonly string[] } {
  try {
    const participants = graph.nodes.map(({ name }) => new Speaker(name));
    return { flow: new GraphFlow({ participants, graph, onError: "skip" }) };
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code !== "config.invalid_graph") throw error;
    return error.details as { reason: string; nodes: string[] };
  }
}

interface Step {
  readonly speakers: readonly string[];
  readonly end: string | undefined;
}

type News = Parameters<NonNullable<ReturnType<GraphFlow["toRole"]>["observe"]>>[1];

/** Drives the strategy of a team without a team: answers come in any order. */
class Strategy {
  readonly #role: ReturnType<GraphFlow["toRole"]>;
  #memory: JsonValue = null;
  working: string[] = [];

  constructor(flow: GraphFlow) {
    this.#role = flow.toRole();
  }

  /** Lets it choose after some news. */
  tell(news: News): Step {
    this.observe(news);
    const selection = this.#role.select({
      memory: this.#memory,
      turns: 0,
      isLastCall: false,
      news,
      speakers: [...this.#role.participants.keys()],
      working: this.working,
      thread: { length: 0 } as never,
      step: () => Promise.reject(new Error("a graph needs no steps")),
    });
    if (selection instanceof Promise) throw new Error("a graph chooses at once");
    this.#remember(selection.memory);
    if (selection.kind === "stop") return { speakers: [], end: selection.stop.kind };
    const speakers = selection.kind === "speak" ? selection.speakers : [];
    for (const name of speakers) if (this.working.includes(name)) throw new Error(`${name} runs twice at once`);
    this.working.push(...speakers);
    return { speakers, end: undefined };
  }

  /** Tells it news with which the run ends. */
  observe(news: News): void {
    if (news.kind === "answered") this.working = this.working.filter((name) => name !== news.speaker);
    this.#remember(this.#role.observe?.(this.#memory, news) ?? null);
  }

  /** What is stored is JSON, and nothing else may matter. */
  #remember(memory: JsonValue): void {
    this.#memory = JSON.parse(JSON.stringify(memory)) as JsonValue;
  }
}

const say = (source: string, text: string): ChatMessage => ({ id: "m", kind: "text", source, text });

const task: News = { kind: "task", messages: [say("user", "go")] };

function answer(speaker: string, text: string): News & { kind: "answered" } {
  const isOk = text !== "!";
  return { kind: "answered", speaker, messages: isOk ? [say(speaker, text)] : [], isOk };
}

/** Runs both side by side, and now and then ends the run and goes on with another one; returns the turns taken. */
function compare(flow: GraphFlow, random: RandomSource, label: string): number {
  const { graph } = flow;
  const strategy = new Strategy(flow);
  let reference = new ReferenceGraph(graph);
  const log: string[] = [];
  let step = strategy.tell(task);
  for (let turns = 0; ; turns += 1) {
    const expected = { speakers: reference.start(), end: reference.verdict() };
    const isSame = step.end === expected.end && step.speakers.join() === expected.speakers.join();
    if (!isSame) expect(step, `${label}\n${JSON.stringify(graph)}\n${log.join("\n")}`).toEqual(expected);
    log.push(`start ${expected.speakers.join(", ")}`);
    if (expected.end !== undefined || turns === maxTurns) return turns;
    if (random.next() < 0.05) {
      // Some of those at work still answer, some fail or are cancelled, of some nothing is heard any more.
      for (const speaker of strategy.working.filter(() => random.next() < 0.6)) {
        const news = answer(speaker, randomAnswer(random, 0.3));
        log.push(`last word of ${speaker}: ${news.messages[0]?.text}`);
        strategy.observe(news);
        if (news.isOk) reference.end(speaker, news.messages[0]);
      }
      strategy.working = [];
      if (!reference.resume()) reference = new ReferenceGraph(graph);
      step = strategy.tell(task);
    } else {
      const speaker = strategy.working[below(random, strategy.working.length)] ?? "";
      const news = answer(speaker, randomAnswer(random, 0.1));
      log.push(`${speaker}: ${news.messages[0]?.text}`);
      reference.end(speaker, news.messages[0]);
      step = strategy.tell(news);
    }
  }
}

/** A real run of a team whose agents take some time, checked event by event. */
async function compareRun(graph: DiGraph, random: RandomSource, label: string): Promise<void> {
  const participants = graph.nodes.map(
    ({ name }) =>
      new Speaker(
        name,
        Array.from({ length: maxTurns }, () => randomAnswer(random, 0)),
        async () => {
          for (let wait = below(random, 8); wait > 0; wait -= 1) await Promise.resolve();
        },
      ),
  );
  await using flow = new GraphFlow({
    participants,
    graph,
    emitTeamEvents: true,
    maxTurns,
    budget: { turns: 1000 },
    loops: "off",
  });
  const reference = new ReferenceGraph(graph);
  const run = flow.run("go");
  const log: string[] = [];
  // An answer is shown when its turn commits, and looked at by the team one after the other.
  const answers: ChatMessage[] = [];
  let expected = reference.start();
  const lookAtNext = (): void => {
    const message = answers.shift();
    if (message !== undefined) reference.end(message.source, message);
    expected = reference.start();
  };
  for await (const event of run.events()) {
    if (event.kind === "speaker-selected") {
      while (expected.length === 0 && answers.length > 0) lookAtNext();
      log.push(`start ${event.speakers.join(", ")}`);
      expect(event.speakers, `${label}\n${JSON.stringify(graph)}\n${log.join("\n")}`).toEqual(expected);
      expected = [];
    } else if (event.kind === "message" && event.message.source !== "user") {
      log.push(`${event.message.source}: ${event.message.text}`);
      answers.push(event.message);
    }
  }
  const { stopReason } = await run;
  if (stopReason.kind === "max-turns") return;
  while (expected.length === 0 && answers.length > 0) lookAtNext();
  expect(expected).toEqual([]);
  expect(stopReason.kind, `${label}\n${log.join("\n")}`).toBe(reference.verdict());
}

describe("random graphs", () => {
  it("do what the reference does, 10,000 of them, whatever the order of answers", () => {
    const reasons = new Set<string>();
    let accepted = 0;
    let longest = 0;
    for (let number = 0; accepted < 10_000; number += 1) {
      const random = createSeededRandom(`${seed} ${number}`);
      const built = build(randomGraph(random));
      if ("reason" in built) reasons.add(built.reason);
      else {
        accepted += 1;
        longest = Math.max(longest, compare(built.flow, random, `seed "${seed} ${number}"`));
      }
    }
    expect(longest).toBe(maxTurns);
    // The ways in which others were refused: the generator makes bad graphs of many kinds.
    expect([...reasons].sort()).toEqual([
      "cycle-without-condition",
      "cycle-without-exit",
      "no-leaf",
      "no-start",
      "unreachable-node",
      "unsatisfiable-join",
    ]);
  }, 60_000);

  it("do it in real runs, 300 of them", async () => {
    let accepted = 0;
    for (let number = 0; accepted < 300; number += 1) {
      const random = createSeededRandom(`runs ${number}`);
      const graph = randomGraph(random);
      if (graph.nodes.length < 4 || graph.nodes.some(({ edges }) => edges?.some(({ on }) => on === "error"))) continue;
      if ("reason" in build(graph)) continue;
      accepted += 1;
      await compareRun(graph, random, `seed "runs ${number}"`);
    }
  }, 60_000);

  it("that are refused for a join never start it, whichever one word each node says", () => {
    let refused = 0;
    for (let number = 0; refused < 300; number += 1) {
      const random = createSeededRandom(`joins ${number}`);
      const graph = randomGraph(random);
      const built = build(graph);
      if (!("reason" in built) || built.reason !== "unsatisfiable-join") continue;
      refused += 1;
      for (let attempt = 0; attempt < 20; attempt += 1)
        expect(startedIn(graph, random), `seed "joins ${number}"\n${JSON.stringify(graph)}`).not.toContain(
          built.nodes[0],
        );
    }
  }, 60_000);
});

/** Every node that starts in one run of the reference. */
function startedIn(graph: DiGraph, random: RandomSource): ReadonlySet<string> {
  const reference = new ReferenceGraph(graph);
  const started = new Set<string>();
  const working: string[] = [];
  for (let turns = 0; turns < maxTurns; turns += 1) {
    for (const name of reference.start()) {
      started.add(name);
      working.push(name);
    }
    const [speaker] = working.splice(below(random, working.length), 1);
    if (speaker === undefined) break;
    const text = ["red", "green", "blue", "!"][below(random, 4)] ?? "";
    reference.end(speaker, text === "!" ? undefined : say(speaker, text));
  }
  return started;
}
