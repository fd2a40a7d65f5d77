import { type JsonValue, StateError } from "../../errors/index.ts";

/** What differs between a log and its replay. */
export interface ReplayMismatch {
  /** `definition`: no agent of the type was given, or an older one; `origin`: the log lacks the turn's message; else a part of the turn. */
  readonly what: "definition" | "origin" | "journal" | "event" | "message" | "question" | "state" | "list" | "end";
  readonly turn: string;
  readonly agent: string;
  readonly recorded: JsonValue;
  readonly replayed: JsonValue;
  /** The same as `state.nondeterministic_replay`, with these fields as its details. */
  readonly error: StateError;
}

/** A mismatch in the making. */
export interface Difference {
  readonly what: ReplayMismatch["what"];
  readonly recorded: JsonValue | undefined;
  readonly replayed: JsonValue | undefined;
}

const remedies: Readonly<Record<ReplayMismatch["what"], string>> = {
  definition: "Give replayCell() every agent that the log names, in a version at least as new.",
  origin: "Replay from a snapshot that is older than the message, or ignore this turn: its beginning was pruned.",
  journal: "Run the code that recorded the log, or put what differs (time, randomness, I/O) into steps.",
  event: "Run the code that recorded the log, or take what the event says from a step's outcome.",
  message: "Run the code that recorded the log, without interventions that change messages.",
  question: "Run the code that recorded the log.",
  state: "Run the code that recorded the log, or take what the state holds from a step's outcome.",
  list: "Run the code that recorded the log, or take what the item holds from a step's outcome.",
  end: "Run the code that recorded the log, or take what the reply says from a step's outcome.",
};

/** Names the turn that a difference was found in. */
export function toMismatch(
  place: { readonly turn: string; readonly agent: string },
  difference: Difference,
): ReplayMismatch {
  const { what } = difference;
  const { turn, agent } = place;
  const recorded = difference.recorded ?? null;
  const replayed = difference.replayed ?? null;
  const error = new StateError(
    "state.nondeterministic_replay",
    `Turn "${turn}" of "${agent}" is not what its log says (${what}): ${show(recorded)} was recorded, ${show(replayed)} was replayed`,
    { remedy: remedies[what], details: { what, turn, agent, recorded, replayed } },
  );
  return { what, turn, agent, recorded, replayed, error };
}

const shownCharacters = 200;

function show(value: JsonValue): string {
  if (value === null) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}...`;
}
