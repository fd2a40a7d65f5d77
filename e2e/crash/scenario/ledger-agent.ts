import {
  type AgentEvent,
  type AgentReply,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
} from "@troupe/agentchat";
import { jsonSchema } from "@troupe/llm";
import type { OutsideParts } from "../outside/outside-parts.ts";

interface Ledger {
  turns: number;
}

const entrySchema = jsonSchema<{ turn: number; outcome: string }>({
  type: "object",
  properties: { turn: { type: "integer" }, outcome: { type: "string" } },
  required: ["turn", "outcome"],
});

/** Made anew for each agent, so that the list's name is its own. */
interface LedgerLists {
  readonly [name: string]: typeof entrySchema;
  readonly entries: typeof entrySchema;
}

/**
 * A custom agent with state and a list of its own: it reads something, which may be repeated, and changes something, which may not.
 * Its answer tells how many turns it remembers, so that a lost or doubled commit shows in the transcript.
 */
export class LedgerAgent extends BaseChatAgent<Ledger, undefined, LedgerLists> {
  readonly #parts: OutsideParts;

  constructor(name: string, parts: OutsideParts) {
    super({ name, state: () => ({ turns: 0 }), lists: { entries: entrySchema } });
    this.#parts = parts;
  }

  async *onMessages(
    messages: readonly ChatMessage[],
    context: ChatAgentContext<Ledger, LedgerLists>,
  ): AsyncGenerator<AgentEvent, AgentReply> {
    const { turns } = context.state;
    context.state.turns += 1;
    yield this.thought(`${messages.length} new messages in turn ${turns}`);
    const read = await context.step(
      "lookup",
      ({ idempotencyKey, signal }) =>
        this.#parts.effect({
          tool: "lookup",
          callId: `${this.name}.${turns}.0.0`,
          idempotencyKey,
          isIdempotent: true,
          signal,
        }),
      { idempotent: true },
    );
    const callId = `${this.name}.${turns}.1.0`;
    const charged = await context.stepOutcome(
      "charge",
      ({ idempotencyKey, signal }) =>
        this.#parts.effect({ tool: "charge", callId, idempotencyKey, isIdempotent: false, signal }),
      { key: callId },
    );
    const outcome = charged.status === "done" ? `[${callId}=ok ${charged.value}]` : `[${callId}=${charged.status}]`;
    if (charged.status !== "done") yield { kind: "note", name: "charge", data: { callId, status: charged.status } };
    context.lists.entries.append({ turn: turns, outcome });
    return this.reply(`${this.name} ${turns} ${read} ${outcome} entries ${context.lists.entries.length}`);
  }
}
