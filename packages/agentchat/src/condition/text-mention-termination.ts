import { ConfigError, type JsonValue } from "@troupe/core";
import { assertNever } from "@troupe/core";
import type { AgentEvent } from "../message/agent-event.ts";
import { type ConditionDelta, TerminationCondition, type Verdict } from "./termination-condition.ts";

/** Options of a `TextMentionTermination`. */
export interface TextMentionOptions {
  /** Only what these agents say counts; default everyone. Naming `user` makes the task count. */
  readonly sources?: readonly string[] | undefined;
  /** Thoughts and tool output count too; default false, because tool output often quotes the very instructions. */
  readonly includeEvents?: boolean | undefined;
}

/**
 * Over when a text is said: case-sensitive, anywhere in a message.
 *
 * The task does not count, because it often says when to stop; nor does tool output.
 *
 * @throws ConfigError `config.invalid_option` for an empty text.
 */
export class TextMentionTermination extends TerminationCondition {
  readonly name = "TextMentionTermination";
  override readonly wantsEvents: boolean;
  readonly text: string;
  readonly sources: readonly string[] | undefined;

  constructor(text: string, options: TextMentionOptions = {}) {
    super();
    if (text === "") {
      throw new ConfigError("config.invalid_option", "The text to look for is empty", {
        remedy: "Give a word that agents say only when the work is done.",
        details: { option: "text" },
      });
    }
    this.text = text;
    this.sources = options.sources === undefined ? undefined : [...options.sources];
    this.wantsEvents = options.includeEvents === true;
  }

  check(state: JsonValue, delta: ConditionDelta): Verdict {
    const source = this.#findSource(delta);
    return { state, reason: source === undefined ? null : `"${source}" said "${this.text}"` };
  }

  #findSource(delta: ConditionDelta): string | undefined {
    const isCounted = (source: string): boolean =>
      this.sources === undefined ? !delta.isTask : this.sources.includes(source);
    const said = delta.messages.find(({ source, text }) => isCounted(source) && text.includes(this.text));
    if (said !== undefined || !this.wantsEvents) return said?.source;
    return delta.events.find((event) => isCounted(event.source) && textOf(event).includes(this.text))?.source;
  }
}

function textOf(event: AgentEvent): string {
  switch (event.kind) {
    case "thought":
      return event.text;
    case "tool-call-requested":
      return event.calls.map((call) => `${call.toolName} ${call.arguments}`).join("\n");
    case "tool-call-finished":
      return event.result.content
        .map((part) => (part.kind === "text" ? part.text : part.kind === "json" ? JSON.stringify(part.value) : ""))
        .join("\n");
    case "code-started":
      return event.blocks.map((block) => block.code).join("\n");
    case "code-finished":
      return event.output;
    case "model-called":
    case "model-failed":
    case "memory-queried":
    case "memory-failed":
    case "history-pruned":
    case "selection-failed":
    case "plan-made":
    case "progress-judged":
    case "policy-decided":
    case "note":
      return "";
    default:
      return assertNever(event);
  }
}
