import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type AgentDefinition, defineAgent } from "../../agent/index.ts";
import { createDeferred, type Deferred } from "../../async/index.ts";
import { defineEvent, defineRequest, type EventType, type RequestType } from "../../message/index.ts";
import { typeSubscription } from "../../subscription/index.ts";

/** A Standard Schema of a type guard: the contract depends on no schema library. */
export function schemaOf<T>(isValid: (value: unknown) => value is T, what: string): StandardSchemaV1<T, T> {
  return {
    "~standard": {
      version: 1,
      vendor: "troupe-contract",
      validate: (value) => (isValid(value) ? { value } : { issues: [{ message: `not ${what}` }] }),
    },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** The payload of nearly every message here. */
export interface Amount {
  readonly cents: number;
}

/** Whole cents. */
export const amountSchema: StandardSchemaV1<Amount, Amount> = schemaOf(
  (value): value is Amount => isRecord(value) && Number.isInteger(value["cents"]),
  "an amount",
);

/** Any string. */
export const textSchema: StandardSchemaV1<string, string> = schemaOf((value) => typeof value === "string", "a text");

/** Accepts everything: for values that only the strict JSON check can refuse. */
export const anythingSchema: StandardSchemaV1<unknown, unknown> = schemaOf(
  (_value): _value is unknown => true,
  "anything",
);

/** Adds to an account; replies with the balance. */
export const Deposit: RequestType<"Deposit", Amount, Amount, Amount, Amount> = defineRequest(
  "Deposit",
  amountSchema,
  amountSchema,
);
/** The balance. */
export const GetBalance: RequestType<"GetBalance", unknown, unknown, Amount, Amount> = defineRequest(
  "GetBalance",
  anythingSchema,
  amountSchema,
);
/** A request that the test's handler answers with any text. */
export const Ask: RequestType<"Ask", string, string, string, string> = defineRequest("Ask", textSchema, textSchema);
/** As `Ask`, for a second link in a chain. */
export const AskNext: RequestType<"AskNext", string, string, string, string> = defineRequest(
  "AskNext",
  textSchema,
  textSchema,
);
/** An event with a text. */
export const Note: EventType<"Note", string, string> = defineEvent("Note", textSchema);
/** An event with an amount. */
export const Interest: EventType<"Interest", Amount, Amount> = defineEvent("Interest", amountSchema);
/** A request that takes and returns anything. */
export const Anything: RequestType<"Anything", unknown, unknown, unknown, unknown> = defineRequest(
  "Anything",
  anythingSchema,
  anythingSchema,
);

/** Keeps a balance and the list of its entries; listens to the topic `interest`. */
export const account: AgentDefinition<"Deposit" | "GetBalance" | "Interest"> = defineAgent({
  type: "account",
  state: () => ({ cents: 0 }),
  lists: { entries: amountSchema },
  handlers: (on) => [
    on.request(Deposit, (payload, context) => {
      context.state.cents += payload.cents;
      context.lists.entries.append(payload);
      if (payload.cents < 0) throw new Error("no negative deposits");
      return { cents: context.state.cents };
    }),
    on.request(GetBalance, (_, context) => ({ cents: context.state.cents }), { shared: true }),
    on.event(Interest, (payload, context) => {
      context.state.cents += payload.cents;
    }),
  ],
  subscriptions: [typeSubscription("interest")],
});

/** What handlers of a test did, in order; a test waits for them and holds them up by name. */
export class Stage {
  readonly seen: string[] = [];
  readonly #gates: Map<string, Deferred<void>> = new Map();
  readonly #reached: Map<string, Deferred<void>> = new Map();

  /** A handler says that it got here. */
  mark(name: string): void {
    this.seen.push(name);
    this.#of(this.#reached, name).resolve();
  }

  /** A handler waits here until the test opens the gate. */
  async stopAt(name: string, signal?: AbortSignal): Promise<void> {
    this.mark(name);
    const gate = this.#of(this.#gates, name);
    signal?.addEventListener("abort", () => gate.reject(signal.reason), { once: true });
    if (signal?.aborted === true) gate.reject(signal.reason);
    await gate.promise;
  }

  /** The test lets the handler go on. */
  open(name: string): void {
    this.#of(this.#gates, name).resolve();
  }

  /** The test waits until a handler got here. */
  reached(name: string): Promise<void> {
    return this.#of(this.#reached, name).promise;
  }

  #of(map: Map<string, Deferred<void>>, name: string): Deferred<void> {
    let deferred = map.get(name);
    if (deferred === undefined) {
      deferred = createDeferred<void>();
      // A gate that is rejected before anybody waits is not an unhandled rejection.
      deferred.promise.catch(() => {});
      map.set(name, deferred);
    }
    return deferred;
  }
}

/** An agent that handles `Ask` and `Note` and stops at the text it gets. */
export function stagedWorker(stage: Stage): AgentDefinition<"Ask" | "Note"> {
  return defineAgent({
    type: "worker",
    state: () => ({}),
    handlers: (on) => [
      on.request(Ask, async (text) => {
        await stage.stopAt(text);
        return text;
      }),
      on.event(Note, (text) => stage.stopAt(text)),
    ],
    subscriptions: [typeSubscription("work")],
  });
}

/** What a program without types might pass: any value where a type is asked for. */
export function untyped(value: unknown): never;
export function untyped(value: unknown): unknown {
  return value;
}
