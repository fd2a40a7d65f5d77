import { createSeededRandom, hashSeed, type RandomSource } from "@troupe/core";
import type { WriteKill, Entrance } from "../worker/assignment.ts";

/** When a process dies. Numbers count from 1 within its life. */
export type Kill =
  | WriteKill
  /** When the campaign has read the n-th event that is new, and so many milliseconds later. */
  | { readonly at: "event"; readonly number: number; readonly afterMs: number }
  /** `request`: it was counted outside, its answer never leaves. `answer`: so many milliseconds after the answer has left. */
  | { readonly at: "request"; readonly number: number }
  | { readonly at: "answer"; readonly number: number; readonly afterMs: number }
  | { readonly at: "time"; readonly afterMs: number }
  /** The result is there, nothing is closed yet. */
  | { readonly at: "finished" };

/** One run with its deaths: the process of life n dies of `kills[n]`, and the next one comes in by `entrances[n]`. */
export interface CasePlan {
  readonly index: number;
  readonly scenario: string;
  readonly kills: readonly Kill[];
  readonly entrances: readonly Entrance[];
  /** When outcomes are recorded (C25). */
  readonly durability: "step" | "turn";
}

/** How often a scenario does what one can be killed at, when nobody kills it. */
export interface ScenarioSize {
  readonly scenario: string;
  readonly events: number;
  readonly writes: number;
  readonly requests: number;
  /** From when there is something to interrupt until it is over. */
  readonly durationMs: number;
}

/** What to plan. */
export interface PlanOptions {
  readonly sizes: readonly ScenarioSize[];
  /** Deaths in all. More are planned: some are for instants that a run does not reach. */
  readonly kills: number;
  readonly seed: string;
}

/** Twice as many are planned as are wanted. */
const planned = 2;

/** How many deaths a run may meet, one after the other: a message that was being handled at five of them would be set aside. */
const rows = [1, 2, 3, 4, 4, 4] as const;

/**
 * The cases of a campaign: first a death at every durable event of every scenario, then at every write and every request, then random
 * ones, several in a row. A campaign too short for all event boundaries takes a random sample of everything, a quarter of it in rows.
 */
export function planCases({ sizes, kills, seed }: PlanOptions): readonly CasePlan[] {
  const random = createSeededRandom(hashSeed(seed));
  const events = shuffle(sizes.flatMap(eventBoundaries), random);
  const writes = shuffle(sizes.flatMap(writeBoundaries), random);
  const isShort = kills < events.length;
  const systematic = isShort ? shuffle([...events, ...writes], random) : [...events, ...writes];
  const cases: CasePlan[] = [];
  let count = 0;
  for (let index = 0; count < kills * planned; index++) {
    const next = (isShort && index % 4 === 3 ? undefined : systematic[index]) ?? randomKills(sizes, random);
    const entrances = next.kills.map(() => pick(["run", "run", "attach", "recover"] as const, random));
    const durability = pick(["step", "step", "step", "turn"] as const, random);
    cases.push({ index, scenario: next.scenario, kills: next.kills, entrances, durability });
    count += next.kills.length;
  }
  return cases;
}

interface PlannedKills {
  readonly scenario: string;
  readonly kills: readonly Kill[];
}

function eventBoundaries({ scenario, events }: ScenarioSize): readonly PlannedKills[] {
  return numbers(events).map((number) => ({ scenario, kills: [{ at: "event", number, afterMs: 0 }] }));
}

function writeBoundaries({ scenario, writes, requests }: ScenarioSize): readonly PlannedKills[] {
  const atWrites = (["write-before", "write-during", "write-after"] as const).flatMap((at) =>
    numbers(writes).map((number): Kill => ({ at, number })),
  );
  const atRequests = numbers(requests).flatMap((number): readonly Kill[] => [
    { at: "request", number },
    { at: "answer", number, afterMs: 0 },
  ]);
  return [...atWrites, ...atRequests, { at: "finished" } as const].map((kill) => ({ scenario, kills: [kill] }));
}

/** Of a row of many each takes away a part of the run, so that the last of them still finds something to interrupt. */
function randomKills(sizes: readonly ScenarioSize[], random: RandomSource): PlannedKills {
  const { scenario, ...whole } = pick(sizes, random);
  const count = pick(rows, random);
  const part = (limit: number): number => Math.ceil(limit * Math.min(1, 2 / count));
  const reach = {
    events: part(whole.events),
    writes: part(whole.writes),
    requests: part(whole.requests),
    durationMs: part(whole.durationMs),
  };
  return { scenario, kills: numbers(count).map(() => randomKill(reach, random)) };
}

function randomKill(
  { events, writes, requests, durationMs }: Omit<ScenarioSize, "scenario">,
  random: RandomSource,
): Kill {
  const upTo = (limit: number): number => 1 + below(Math.max(1, limit), random);
  switch (below(7, random)) {
    case 0:
      return { at: "event", number: upTo(events), afterMs: below(8, random) };
    case 1:
      return { at: "write-before", number: upTo(writes) };
    case 2:
      return { at: "write-during", number: upTo(writes) };
    case 3:
      return { at: "write-after", number: upTo(writes) };
    case 4:
      return { at: "request", number: upTo(requests) };
    case 5:
      return { at: "answer", number: upTo(requests), afterMs: below(8, random) };
    default:
      return { at: "time", afterMs: below(Math.ceil(durationMs), random) };
  }
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function below(limit: number, random: RandomSource): number {
  return Math.floor(random.next() * limit);
}

function pick<T>(items: readonly T[], random: RandomSource): T {
  const item = items[below(items.length, random)];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}

/** Fisher and Yates. */
function shuffle<T>(items: readonly T[], random: RandomSource): readonly T[] {
  const left = [...items];
  const shuffled: T[] = [];
  while (left.length > 0) shuffled.push(...left.splice(below(left.length, random), 1));
  return shuffled;
}
