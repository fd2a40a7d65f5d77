import { type AgentDefinition, defineAgent } from "../../agent/index.ts";
import { systemClock, yieldMacrotask } from "../../async/index.ts";
import { defineEvent, defineRequest, type EventType, type RequestType } from "../../message/index.ts";
import { StoreError } from "../../errors/index.ts";
import { InProcessRuntime } from "../../runtime/index.ts";
import type { Store } from "../../store/index.ts";
import type { ContractCase } from "../contract.ts";
import { codeOf, expectEqual, expectThat, type Outcome, settle } from "../expectation.ts";
import { ManualClock } from "../manual-clock.ts";
import { silentLogger } from "../silent-logger.ts";
import { anythingSchema, schemaOf, textSchema } from "../runtime-contract/fixtures.ts";
import type { StoreEnvironment } from "../store-contract/environment.ts";
import { FaultyStore, type StoreFault, type StoreOperation } from "./faulty-store.ts";

const Ask: RequestType<"FaultAsk", string, string, string, string> = defineRequest("FaultAsk", textSchema, textSchema);
const Next: RequestType<"FaultNext", string, string, string, string> = defineRequest(
  "FaultNext",
  textSchema,
  textSchema,
);

/** What an agent has counted, by what. */
type Counts = Readonly<Record<string, number>>;

const countsSchema = schemaOf(
  (value): value is Counts =>
    typeof value === "object" && value !== null && Object.values(value).every((count) => typeof count === "number"),
  "counts",
);
const Count: RequestType<"FaultCount", unknown, unknown, Counts, Counts> = defineRequest(
  "FaultCount",
  anythingSchema,
  countsSchema,
);
const Told: EventType<"FaultTold", string, string> = defineEvent("FaultTold", textSchema);

/** Outside nobody gives up: what ends here must end because of the fault. */
const patient = { deadlineMs: 1e12 } as const;
const requestCount = 3;
/** Real milliseconds in which a program with one fault must come to rest. */
const restLimitMs = 5_000;
/** How much faster than the real clock the program's clock goes: pauses are short, and a slow store misses no deadline. */
const timeLapse = 300;
/** No program here does more operations of one kind. */
const maxFaults = 80;

/** Agents that do everything that writes: steps, requests inside and between turns and cells, waits, events, lists, messages. */
function createAgents(round: number): {
  readonly boss: AgentDefinition<"FaultAsk" | "FaultCount">;
  readonly worker: AgentDefinition<"FaultNext" | "FaultTold">;
  readonly tally: AgentDefinition<"FaultTold" | "FaultNext" | "FaultCount">;
} {
  const cell = (): string => `session ${round}`;
  const tally = defineAgent({
    type: "tally",
    state: () => ({ told: 0 }),
    handlers: (on) => [
      on.event(Told, (_, context) => {
        context.state.told += 1;
      }),
      on.request(Next, (text) => text),
      on.request(Count, (_, context) => ({ ...context.state })),
    ],
  });
  const worker = defineAgent({
    type: "worker",
    state: () => ({ seen: 0 }),
    cell,
    handlers: (on) => [
      on.request(Next, (text, context) => {
        context.state.seen += 1;
        return `next ${text}`;
      }),
      on.event(Told, (_, context) => {
        context.state.seen += 1;
      }),
    ],
  });
  const boss = defineAgent({
    type: "boss",
    state: () => ({ asked: 0, settled: 0 }),
    lists: { log: textSchema },
    cell,
    handlers: (on) => [
      on.request(Ask, async (text, context) => {
        context.state.asked += 1;
        context.emit("asked", { text });
        await context.step("work", () => "done");
        const reply = await context.send(Next(text), worker.id("w"));
        context.lists.log.append(await context.send(Next(reply), tally.id(String(round))));
        context.tell(Told(text), worker.id("w"));
        context.tell(Told(text), tally.id(String(round)));
        await context.sleep(1);
        context.request(Next("later"), tally.id(String(round)));
        return reply;
      }),
      on.settled(Next, (_settlement, context) => {
        context.state.settled += 1;
      }),
      on.request(Count, (_, context) => ({ ...context.state })),
    ],
  });
  return { boss, worker, tally };
}

interface Program {
  readonly runtime: InProcessRuntime;
  readonly clock: ManualClock;
  readonly agents: ReturnType<typeof createAgents>;
  readonly round: number;
}

async function openProgram(store: Store, round: number): Promise<Program> {
  const clock = new ManualClock();
  const runtime = new InProcessRuntime({ clock, store, logger: silentLogger });
  const agents = createAgents(round);
  for (const agent of [agents.boss, agents.worker, agents.tally]) await runtime.register(agent);
  return { runtime, clock, agents, round };
}

/** Turns the clock until a promise has settled. @throws ContractViolation when it does not; what the promise rejects with. */
async function turnUntil<T>({ clock }: Pick<Program, "clock">, promise: Promise<T>, what: string): Promise<T> {
  let isOver = false;
  const done = promise.finally(() => {
    isOver = true;
  });
  done.catch(() => {});
  const startedAt = systemClock.monotonic();
  let passedMs = 0;
  while (!isOver) {
    for (let turn = 0; turn < 5; turn++) await yieldMacrotask();
    const elapsedMs = systemClock.monotonic() - startedAt;
    expectThat(elapsedMs < restLimitMs, `${what} does not end`);
    if (!isOver) clock.advance((elapsedMs - passedMs) * timeLapse);
    passedMs = elapsedMs;
  }
  return done;
}

/** Lets a second of the program's time pass. */
function pause(program: Program): Promise<void> {
  const passed = new Promise<void>((resolve) => program.clock.setTimer(1_000, resolve));
  return turnUntil(program, passed, "a pause");
}

/** What an agent has counted, by what. The first question may meet the fault. */
async function count(program: Program, agent: "boss" | "tally"): Promise<Counts> {
  const { runtime, agents, round } = program;
  const id = agent === "boss" ? agents.boss.id("b") : agents.tally.id(String(round));
  const ask = (): Promise<Outcome<Counts>> =>
    turnUntil(
      program,
      settle(() => runtime.send(Count(null), id, patient)),
      `a question to "${agent}"`,
    );
  const first = await ask();
  if (first.status === "rejected") await pause(program);
  const outcome = first.status === "fulfilled" ? first : await ask();
  expectThat(outcome.status === "fulfilled", `"${agent}" does not go on after the fault: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

/** Reads the events that are there now. */
async function sequenceOf({ runtime, round }: Program): Promise<readonly number[]> {
  const sequence: number[] = [];
  const ended = AbortSignal.abort();
  for await (const event of runtime.events(`session ${round}`, { runId: "run", signal: ended }))
    if (!event.live) sequence.push(event.sequence);
  return sequence;
}

/** Sends requests to a store with one fault, and looks at what is left: `hit` says whether the fault has come. */
async function play(
  environment: StoreEnvironment,
  round: number,
  fault: { readonly operation: StoreOperation; readonly kind: StoreFault },
): Promise<{ readonly isHit: boolean }> {
  let isHit = false;
  const { store } = environment;
  const faulty = new FaultyStore({
    store,
    fault: (operation, call) => {
      if (operation !== fault.operation || call !== round) return undefined;
      isHit = true;
      return fault.kind;
    },
  });
  const program = await openProgram(faulty, round);
  const { runtime, agents } = program;
  const run = { runId: "run", path: [] };
  const sends = Array.from({ length: requestCount }, (_, index) =>
    settle(() => runtime.send(Ask(`request ${index}`), agents.boss.id("b"), { run, ...patient })),
  );
  const endings = await turnUntil(program, Promise.all(sends), "a request");
  checkEndings(endings);
  await checkAfter(program, store, endings.filter(({ status }) => status === "fulfilled").length);
  const before = [await count(program, "boss"), await count(program, "tally")];
  // Time for a heartbeat.
  for (let second = 0; second < 2; second++) await pause(program);
  await turnUntil(program, runtime.close(), "close");
  if (store.isDurable) await checkNextLife(environment, await openProgram(faulty, round), before);
  return { isHit };
}

/** Another runtime on the same store finds what the one before has left, also when that could not give its cells back. */
async function checkNextLife(
  { store, expire }: StoreEnvironment,
  program: Program,
  before: readonly Counts[],
): Promise<void> {
  for (const { owner } of await store.cells()) if (owner !== undefined) await expire?.(owner);
  expectEqual([await count(program, "boss"), await count(program, "tally")], before, "what the next runtime finds");
  await turnUntil(program, program.runtime.close(), "close");
}

function checkEndings(endings: readonly Outcome<string>[]): void {
  for (const [index, ending] of endings.entries()) {
    if (ending.status === "fulfilled") expectEqual(ending.value, `next request ${index}`, `reply ${index}`);
    else expectThat(isExpected(ending.error), `request ${index} ended with ${String(ending.error)}`);
  }
}

function isExpected(error: unknown): boolean {
  return error instanceof StoreError || codeOf(error) === "delivery.deadline_exceeded";
}

/** Each message that a log holds was handled once, with one settlement, and its messages have arrived. */
async function checkAfter(program: Program, store: Store, answered: number): Promise<void> {
  const { runtime } = program;
  const { asked, settled, told } = await countAtRest(program, store);
  expectThat(asked >= answered && asked <= requestCount, `${asked} turns after ${answered} replies`);
  expectEqual(settled, asked, "settlements");
  // Between cells of a store that ends with the process a fault may lose a message, and never doubles one.
  if (store.isDurable) expectEqual(told, asked, "messages that have arrived");
  else expectThat(told <= asked, `${told} messages of ${asked} turns`);
  await turnUntil(program, runtime.idle(), "idle");
  const sequence = await sequenceOf(program);
  expectEqual(
    sequence,
    sequence.map((_, index) => index + 1),
    "the numbers of the events",
  );
  const { runningTurns, queuedMessages, pendingRequests, openWaits } = runtime.stats();
  expectEqual([runningTurns, queuedMessages, pendingRequests, openWaits], [0, 0, 0, 0], "what is left");
}

async function countAtRest(
  program: Program,
  store: Store,
): Promise<{ readonly asked: number; readonly settled: number; readonly told: number }> {
  const startedAt = systemClock.monotonic();
  for (;;) {
    const { asked = 0, settled = 0 } = await count(program, "boss");
    const { told = 0 } = await count(program, "tally");
    const counts = { asked, settled, told };
    const isAtRest = counts.settled >= counts.asked && (counts.told >= counts.asked || !store.isDurable);
    if (isAtRest || systemClock.monotonic() - startedAt > restLimitMs) return counts;
    await pause(program);
  }
}

function faultCase(operation: StoreOperation, kind: StoreFault, what: string): ContractCase<StoreEnvironment> {
  return {
    name: `${what}: every request ends typed, and the cells go on from their logs`,
    invariant: "K4",
    run: async (environment) => {
      let hits = 0;
      for (let round = 1; round <= maxFaults; round++) {
        const { isHit } = await play(environment, round, { operation, kind });
        if (!isHit) break;
        hits += 1;
      }
      const isUsed = hits > 0 || (!environment.store.isDurable && operation !== "append" && operation !== "claim");
      expectThat(isUsed, `no ${operation} was ever asked for`);
      expectThat(hits < maxFaults, `a program does ${hits} times "${operation}" or more`);
    },
  };
}

/** What a runtime makes of a store that fails once: for each kind of operation, the fault comes at the first, the second, and so on. */
export const storeFaultContract: readonly ContractCase<StoreEnvironment>[] = [
  faultCase("append", "refused", "an append that is refused"),
  faultCase("append", "answer-lost", "an append whose answer is lost"),
  faultCase("claim", "refused", "a claim that is refused"),
  faultCase("claim", "answer-lost", "a claim whose answer is lost"),
  faultCase("read", "refused", "a read that is refused"),
  faultCase("collect", "refused", "a look into an inbox that is refused"),
  faultCase("prune", "refused", "a pruning that is refused"),
  faultCase("prune", "answer-lost", "a pruning whose answer is lost"),
  faultCase("release", "refused", "a release that is refused"),
  faultCase("heartbeat", "refused", "a heartbeat that is refused"),
];
