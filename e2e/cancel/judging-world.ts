import type { ModelMessage } from "@troupe/llm";
import { hear, type OutsideReply, type OutsideRequest } from "../crash/outside/outside-call.ts";
import type { OutsideClient } from "../crash/outside/outside-client.ts";
import type { TeamScenario } from "../crash/scenario/team-scenario.ts";

/** A world that answers by the scenario's script and judges every conversation that a model is shown. */
export class JudgingWorld implements OutsideClient {
  readonly faults: string[] = [];
  readonly #scenario: TeamScenario;

  constructor(scenario: TeamScenario) {
    this.#scenario = scenario;
  }

  async ask(request: OutsideRequest): Promise<OutsideReply> {
    await new Promise((resolve) => setImmediate(resolve));
    switch (request.kind) {
      case "model":
        this.faults.push(...faultsOf(request.messages).map((fault) => `${request.agent}: ${fault}`));
        return { kind: "said", said: this.#scenario.script(hear(request.agent, request.messages)), serial: 0 };
      case "effect":
        return { kind: "effect", value: `${request.tool} done` };
      case "answer":
        return { kind: "answer", answer: request.prompt.startsWith("May ") ? { approved: true } : "words" };
    }
  }

  close(): void {}
}

/** I1: every call has exactly one result, in the message that follows; nothing is answered that was not asked. */
function faultsOf(messages: readonly ModelMessage[]): readonly string[] {
  const faults: string[] = [];
  let open: readonly string[] = [];
  for (const message of messages) {
    const answered = message.role === "tool" ? message.content.map((part) => part.callId) : [];
    if (answered.join() !== open.join())
      faults.push(`calls ${open.join() || "none"}, results ${answered.join() || "none"}`);
    open =
      message.role === "assistant"
        ? message.content.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : []))
        : [];
  }
  if (open.length > 0) faults.push(`calls ${open.join()} were never answered`);
  return faults;
}
