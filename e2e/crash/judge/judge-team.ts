import { isDeepStrictEqual } from "node:util";
import type { DurableRunEvent } from "@troupe/agentchat";
import type { CountedCall } from "../outside/outside-call.ts";
import type { JournalView } from "./read-journal.ts";
import type { Transcript } from "./transcript.ts";

/** One process that was killed, and what it left. */
export interface Death {
  /** Number of its life, as the server counts them. */
  readonly life: number;
  readonly journal: JournalView;
}

/** What a finished run is judged by. */
export interface Evidence {
  readonly calls: readonly CountedCall[];
  readonly deaths: readonly Death[];
  readonly durability: "step" | "turn";
}

/** C20: numbers without gaps, and the same event under each number in every life. */
export function judgeEvents(
  before: readonly DurableRunEvent[],
  now: readonly DurableRunEvent[],
): { readonly problems: readonly string[]; readonly longest: readonly DurableRunEvent[] } {
  const problems: string[] = [];
  now.forEach((event, index) => {
    if (event.sequence !== index + 1) problems.push(`event ${index + 1} has number ${event.sequence}`);
    const known = before[index];
    if (known !== undefined && !isDeepStrictEqual(known, event))
      problems.push(`event ${index + 1} changed: ${JSON.stringify(known)} became ${JSON.stringify(event)}`);
  });
  return { problems, longest: now.length >= before.length ? now : before };
}

/** C6, C28: nothing that must not run twice did, and nothing whose outcome was recorded ran again. */
export function judgeRepeats(calls: readonly CountedCall[], deaths: readonly Death[]): readonly string[] {
  const problems: string[] = [];
  const callIds = new Map<string, number>();
  const keys = new Map<string, number>();
  const identities = new Map(calls.map((call) => [call.serial, call.identity]));
  for (const { request, identity, life, serial } of calls) {
    const died = deaths.filter((death) => death.life < life);
    if (request.kind === "effect" && !request.isIdempotent) {
      callIds.set(identity, (callIds.get(identity) ?? 0) + 1);
      keys.set(request.idempotencyKey, (keys.get(request.idempotencyKey) ?? 0) + 1);
    }
    if (request.kind === "effect" && died.some(({ journal }) => journal.settledCalls.has(identity)))
      problems.push(`call ${identity} ran again in life ${life}, though its outcome was recorded`);
    const isRecorded = (recorded: number): boolean => identities.get(recorded) === identity;
    if (request.kind === "model" && died.some(({ journal }) => [...journal.modelSerials].some(isRecorded)))
      problems.push(`model call ${serial} of ${request.agent} repeats one whose outcome was recorded`);
  }
  for (const [what, counts] of [
    ["call", callIds],
    ["idempotency key", keys],
  ] as const)
    for (const [name, count] of counts) if (count > 1) problems.push(`${what} ${name} took effect ${count} times`);
  return problems;
}

/** C28: a model call that died with its process is booked for each time it was made in vain, and nothing else is. */
export function judgeLostCalls({ lostCalls }: Transcript, { calls, deaths, durability }: Evidence): readonly string[] {
  const models = calls.filter(({ request }) => request.kind === "model");
  const repeated = models.length - new Set(models.map(({ identity }) => identity)).size;
  // Durable by turn, the claims of calls that may be repeated wait with their outcomes, and are lost with them.
  const least = durability === "step" ? repeated : 0;
  // Two agents may be asked at once, and a call may die on its way, after its claim and before anybody outside hears of it.
  const most = deaths.length * 2;
  return lostCalls < least || lostCalls > most
    ? [`${lostCalls} model calls are booked as lost; ${repeated} were repeated, in ${deaths.length} deaths`]
    : [];
}

/** C28: the transcript of an uninterrupted run, but for one visible `unknown` for each step that was in flight and must not be repeated. */
export function judgeEnd(
  transcript: Transcript,
  expected: Transcript | undefined,
  deaths: readonly Death[],
): readonly string[] {
  const inFlight = [...new Set(deaths.flatMap(({ journal }) => [...journal.openClaims]))];
  const problems = judgeUnknown(transcript.unknown, inFlight);
  if (expected === undefined) return problems;
  if (transcript.stop !== expected.stop) problems.push(`it stopped by "${transcript.stop}", not "${expected.stop}"`);
  problems.push(...compareMessages(transcript, expected));
  problems.push(...compareLists("event", withoutNotes(transcript), withoutNotes(expected)));
  return problems;
}

function judgeUnknown(visible: readonly string[], inFlight: readonly string[]): string[] {
  const problems: string[] = [];
  if (visible.length !== inFlight.length)
    problems.push(
      `${inFlight.length} steps were in flight [${inFlight.join(", ")}], ${visible.length} ended as unknown`,
    );
  const named = inFlight.filter((name) => !name.includes("#"));
  for (const name of named) {
    const count = visible.filter((shown) => shown === name).length;
    if (count !== 1) problems.push(`call ${name} was in flight and shows as unknown ${count} times`);
  }
  return problems;
}

function compareMessages({ messages, unknown }: Transcript, expected: Transcript): readonly string[] {
  const lost = unknown.filter((name) => name === "program").length;
  const hide = (text: string): string =>
    unknown.reduce(
      (masked, callId) => masked.replaceAll(new RegExp(`\\[${callId}=[^\\]]*\\]`, "g"), `[${callId}]`),
      text,
    );
  const problems = compareLists("message", messages.map(hide), expected.messages.map(hide));
  // Each program that was lost changes the one message in which its output would have been.
  return problems.length <= lost ? [] : problems;
}

function compareLists(what: string, actual: readonly string[], expected: readonly string[]): readonly string[] {
  const problems: string[] = [];
  for (let index = 0; index < Math.max(actual.length, expected.length); index++) {
    if (actual[index] === expected[index]) continue;
    problems.push(`${what} ${index + 1} is ${JSON.stringify(actual[index])}, not ${JSON.stringify(expected[index])}`);
  }
  return problems;
}

/** Custom agents note what was unknown; nobody notes anything else. */
function withoutNotes({ events }: Transcript): readonly string[] {
  return events.filter((event) => !event.endsWith(" note"));
}
