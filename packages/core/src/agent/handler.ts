import type { EventType, RequestType } from "../message/index.ts";
import type { AgentContext } from "./agent-context.ts";

/** The one settlement of a request between turns (C12). */
export type Settlement<Reply> =
  | { readonly kind: "reply"; readonly reply: Reply; readonly tag: string }
  | { readonly kind: "failed"; readonly error: Error; readonly tag: string };

/** An entry of a definition's handler table; `Name` is what the agent can be asked for. */
export interface Handler<Name extends string> {
  readonly type: Name;
}

/** Options of a request or event handler. */
export interface HandlerOptions {
  /** Reads the last committed state, may not change it, and runs beside a running or parked turn (C1). */
  readonly shared?: boolean | undefined;
}

/** Makes the typed handlers of `defineAgent`. */
export interface HandlerFactory<State, L> {
  request<Name extends string, In, Out, ReplyIn, ReplyOut>(
    type: RequestType<Name, In, Out, ReplyIn, ReplyOut>,
    handle: (payload: Out, context: AgentContext<State, L>) => ReplyIn | Promise<ReplyIn>,
    options?: HandlerOptions,
  ): Handler<Name>;
  event<Name extends string, In, Out>(
    type: EventType<Name, In, Out>,
    handle: (payload: Out, context: AgentContext<State, L>) => void | Promise<void>,
    options?: HandlerOptions,
  ): Handler<Name>;
  settled<Name extends string, In, Out, ReplyIn, ReplyOut>(
    type: RequestType<Name, In, Out, ReplyIn, ReplyOut>,
    handle: (settlement: Settlement<ReplyOut>, context: AgentContext<State, L>) => void | Promise<void>,
  ): Handler<never>;
  /** Receives every event that no other handler takes (a catch-all closure). */
  unknown(
    handle: (
      message: { readonly type: string; readonly payload: unknown },
      context: AgentContext<State, L>,
    ) => void | Promise<void>,
  ): Handler<never>;
}
