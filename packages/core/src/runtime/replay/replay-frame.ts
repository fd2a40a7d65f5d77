/**
 * One attempt of a replayed turn: what its handler finds, and what it wants to let out.
 *
 * Owns: the state object and list drafts of the attempt, and its output by scope. Nothing of it ever leaves.
 * Invariants:
 * A1. After `end()` every call on the context throws `state.attempt_over`.
 * A2. Output is kept by scope: between parallel scopes a replay may differ in order, within one it may not.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Blueprint, type Lists, type RunContext, trustType } from "../../agent/index.ts";
import type { JsonValue } from "../../errors/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import { decodeJson } from "../../message/index.ts";
import { type AgentImage, freezeJson, type ListChange, type Mail, type WaitRecord } from "../../store/index.ts";
import type { Destination } from "../delivery/post-office.ts";
import type { SettledRecord } from "../journal/journal.ts";
import { attemptOver, type QueuedEvent } from "../turn/frame.ts";
import { ListDraft } from "../turn/list-draft.ts";
import { AskTable } from "./ask-table.ts";

/** A message that a replayed handler has sent, as far as it decides about it. */
export interface ReplayedMessage {
  readonly kind: "event" | "request";
  readonly type: string;
  readonly body: JsonValue;
  readonly to: Destination;
  readonly run: RunContext | undefined;
  /** Undefined for what nobody waits for, and for a request inside the turn. */
  readonly tag: string | undefined;
}

/** What one scope of an attempt has queued, in order. */
export interface ScopeOutput {
  readonly events: QueuedEvent[];
  readonly messages: ReplayedMessage[];
}

/** What an attempt starts from. */
export interface ReplayFrameOptions {
  readonly mail: Mail;
  readonly turn: string;
  readonly blueprint: Blueprint;
  readonly isShared: boolean;
  /** The agent's committed state when the turn began; undefined while it equals the initial one. */
  readonly image: AgentImage | undefined;
  /** The questions that the turn's journal holds, by key: their ids are handed out before the log has come to them. */
  readonly waits: ReadonlyMap<string, WaitRecord>;
  readonly attempt: number;
  /** Outcomes that are there from the start, by key: those of the time before a restart. */
  readonly known?: Iterable<readonly [string, SettledRecord]> | undefined;
  readonly signal: AbortSignal | undefined;
}

export class ReplayFrame {
  readonly options: ReplayFrameOptions;
  readonly asks: AskTable;
  /** Keys of steps that were asked for. */
  readonly steps: Set<string> = new Set();
  /** Requests inside the turn, by key. */
  readonly sends: Map<string, ReplayedMessage> = new Map();
  /** Questions that were opened, by key. */
  readonly questions: Map<string, { readonly name: string; readonly question: JsonValue | undefined }> = new Map();
  readonly output: Map<string, ScopeOutput> = new Map();
  /** Time of the last record that the handler has seen. */
  at: number;
  isForgotten = false;
  #isOver = false;
  #controller: AbortController | undefined;
  #committed: string | undefined;
  #state: { readonly value: unknown } | undefined;
  #lists: Map<string, ListDraft> | undefined;

  constructor(options: ReplayFrameOptions) {
    this.options = options;
    this.asks = new AskTable(options.signal, options.known);
    this.at = options.mail.at;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isOver) this.#controller.abort(attemptOver(this.options.turn));
    return this.#controller.signal;
  }

  get agent(): string {
    return formatAgentId(this.options.mail.recipient);
  }

  /** @throws StateError `state.attempt_over`. */
  assertLive(): void {
    if (this.#isOver) throw attemptOver(this.options.turn);
  }

  end(): void {
    this.#isOver = true;
    this.#controller?.abort(attemptOver(this.options.turn));
  }

  outputOf(scope: string): ScopeOutput {
    let output = this.output.get(scope);
    if (output === undefined) {
      output = { events: [], messages: [] };
      this.output.set(scope, output);
    }
    return output;
  }

  // --- state -------------------------------------------------------------------------------------

  /** The state before the turn, in the form of the definition. */
  get committedState(): string {
    this.#committed ??= currentState(this.options);
    return this.#committed;
  }

  get state(): unknown {
    const { image, blueprint, isShared } = this.options;
    if (isShared) return freezeJson(JSON.parse(this.committedState), "committed state");
    this.#state ??= {
      value: image?.state === undefined ? blueprint.initialState() : JSON.parse(this.committedState),
    };
    return this.#state.value;
  }

  /** The state that the handler leaves; undefined when it did not look at it. */
  get newState(): unknown {
    return this.#state?.value;
  }

  get lists(): Lists<Record<string, StandardSchemaV1>> {
    this.#lists ??= this.#openLists();
    return trustType<Lists<Record<string, StandardSchemaV1>>>(Object.fromEntries(this.#lists));
  }

  #openLists(): Map<string, ListDraft> {
    const { blueprint, image } = this.options;
    const assertUsable = (): void => this.assertLive();
    return new Map(
      Object.entries(blueprint.listSchemas).map(([name, schema]) => [
        name,
        new ListDraft({ name, schema, committed: image?.lists[name] ?? [], assertUsable }),
      ]),
    );
  }

  get listChanges(): readonly ListChange[] {
    return [...(this.#lists?.values() ?? [])].map((draft) => draft.change()).filter((change) => change !== undefined);
  }
}

/** Stored state of an earlier version is migrated, as the live agent's is (C26). */
function currentState({ image, blueprint }: ReplayFrameOptions): string {
  const { state, version = 1 } = image ?? {};
  const { migrate } = blueprint.options;
  if (state === undefined) return blueprint.initialJson;
  if (version >= blueprint.stateVersion || migrate === undefined) return state;
  return JSON.stringify(migrate(decodeJson(state, "stored state"), version));
}
