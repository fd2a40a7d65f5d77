import type { Clock } from "@troupe/core";
import type { ToolResultPart, UsageSum } from "@troupe/llm";
import type { ChatMessage } from "../message/chat-message.ts";
import type { RunEvent } from "../message/run-event.ts";
import type { RunResult } from "../message/run-result.ts";
import { createPalette, type Palette, printable } from "./palette.ts";
import { Spinner } from "./spinner.ts";
import type { RunWriter } from "./writer.ts";

/** Longest line of arguments and results that is shown. */
const maxPreview = 200;

/**
 * Writes the events of one run, in the order in which they come.
 *
 * Owns: what is on the current line, and which message is being streamed.
 * Invariants:
 * P1. At a terminal each message is shown once: streamed, or whole when it was not.
 * P2. Elsewhere the output is whole lines without control codes.
 * P3. What models and tools wrote cannot control the terminal.
 */
export class RunPrinter {
  readonly #writer: RunWriter;
  readonly #palette: Palette;
  readonly #spinner: Spinner;
  #speaker = "";
  #isAtLineStart = true;
  #streamed = { id: "", text: "" };

  constructor(writer: RunWriter, clock: Clock) {
    this.#writer = writer;
    this.#palette = createPalette(writer.isTerminal);
    this.#spinner = new Spinner(writer, clock);
  }

  print(event: RunEvent): void {
    const name = nameOf(event.path);
    switch (event.kind) {
      case "message":
        return this.#message(event.message);
      case "text-delta":
        return this.#delta(name, event.messageId, event.delta);
      case "model-started":
        return this.#spin(`${name} is thinking`);
      case "tool-started":
        return this.#spin(`${name} uses ${event.call.toolName}`);
      case "code-output":
        return undefined;
      case "thought":
        return this.#thought(name, event.text);
      case "memory-queried":
        return this.#line(name, this.#palette.dim(`remembers ${event.items.length} of "${printable(event.memory)}"`));
      case "memory-failed":
        return this.#line(name, this.#palette.bad(`does not remember "${event.memory}": ${oneLine(event.message)}`));
      case "history-pruned":
        return this.#line(name, this.#palette.dim(`shows its model less: ${tokenChange(event)}`));
      case "tool-call-requested":
        for (const call of event.calls)
          this.#line(name, `${this.#palette.dim("calls")} ${call.toolName} ${oneLine(call.arguments)}`);
        return undefined;
      case "tool-call-finished":
        return this.#line(name, this.#toolResult(event.result, event.durationMs));
      case "code-started":
        this.#line(name, this.#palette.dim(`runs ${event.blocks.map((block) => block.language).join(", ")}`));
        return this.#spin(`${name} runs a program`);
      case "code-finished":
        return this.#line(
          name,
          `${this.#status(event.exitCode === 0)} exit code ${event.exitCode}, ${event.durationMs} ms`,
        );
      case "question-asked":
        return this.#line(
          event.question.asker.at(-1) ?? "",
          `${this.#palette.bold("asks")} ${printable(event.question.prompt)}`,
        );
      case "speaker-failed":
        return this.#line(event.speaker, this.#palette.bad(`failed: ${oneLine(event.error.message)}`));
      default:
        return undefined;
    }
  }

  /** The last line: why the run ended, and what it took. */
  result(result: RunResult<unknown>, elapsedMs: number): void {
    this.#freshLine();
    const { stopReason, usage, messages } = result;
    const parts = [
      `${this.#palette.bold(stopReason.kind)}: ${printable(stopReason.detail)}`,
      `${messages.length} messages`,
      describeUsage(usage.total),
      `${(elapsedMs / 1000).toFixed(1)} s`,
    ];
    this.#writer.write(`\n${parts.join(this.#palette.dim(" | "))}\n`);
  }

  close(): void {
    this.#freshLine();
  }

  #message(message: ChatMessage): void {
    if (this.#streamed.id === message.id && this.#streamed.text === message.text) {
      this.#freshLine();
      this.#streamed = { id: "", text: "" };
      return;
    }
    this.#streamed = { id: "", text: "" };
    this.#header(message.source);
    this.#writer.write(
      `${printable(message.text)}${message.isPartial === true ? this.#palette.dim(" [cut off]") : ""}\n`,
    );
  }

  /** What a model said before it used a tool may have been shown as it came. */
  #thought(name: string, text: string): void {
    if (this.#streamed.text === "" || this.#streamed.text !== text)
      return this.#line(name, this.#palette.dim(`(${oneLine(text)})`));
    this.#streamed = { id: "", text: "" };
    return this.#freshLine();
  }

  #delta(name: string, id: string, delta: string): void {
    if (!this.#writer.isTerminal) return;
    if (this.#streamed.id !== id) {
      this.#header(name);
      this.#streamed = { id, text: "" };
    }
    this.#spinner.stop();
    this.#streamed.text += delta;
    const text = printable(delta);
    this.#writer.write(text);
    if (text !== "") this.#isAtLineStart = text.endsWith("\n");
  }

  #line(name: string, text: string): void {
    this.#header(name);
    this.#writer.write(`  ${text}\n`);
  }

  /** Names who speaks when it is somebody else than before. */
  #header(name: string): void {
    this.#freshLine();
    if (this.#speaker === name) return;
    this.#speaker = name;
    this.#writer.write(`\n${this.#palette.speaker(printable(name))}\n`);
  }

  #freshLine(): void {
    this.#spinner.stop();
    if (this.#isAtLineStart) return;
    this.#writer.write("\n");
    this.#isAtLineStart = true;
  }

  #spin(label: string): void {
    if (this.#isAtLineStart) this.#spinner.start(printable(label));
  }

  #toolResult(result: ToolResultPart, durationMs: number): string {
    const content = result.content.map((part) =>
      part.kind === "text" ? part.text : part.kind === "json" ? JSON.stringify(part.value) : `[${part.mediaType}]`,
    );
    const status = result.status === "ok" ? "" : ` ${result.status}:`;
    return `${this.#status(result.status === "ok")} ${result.toolName} ${this.#palette.dim(`${durationMs} ms`)}${status} ${oneLine(content.join(" "))}`;
  }

  #status(isGood: boolean): string {
    return isGood ? this.#palette.good("ok") : this.#palette.bad("failed");
  }
}

/** Who an event is about. Places of advisers and of teams within an agent carry a mark. */
function nameOf(path: readonly string[]): string {
  return (path.at(-1) ?? "").replace(/^[~^]/, "");
}

function oneLine(text: string): string {
  const line = printable(text).replaceAll(/\s+/g, " ").trim();
  return line.length <= maxPreview ? line : `${line.slice(0, maxPreview)}...`;
}

/** Tokens and money; an estimate says so, an unknown price is not shown as 0. */
function describeUsage(sum: UsageSum): string {
  const tokens = `${sum.inputTokens + sum.outputTokens} tokens${sum.estimated ? " (estimated)" : ""}`;
  return sum.usd === null ? `${tokens}, price unknown` : `${tokens}, $${sum.usd.toFixed(4)}`;
}

function tokenChange(event: Extract<RunEvent, { readonly kind: "history-pruned" }>): string {
  return `about ${event.tokensAfter} tokens instead of ${event.tokensBefore} (${event.reason})`;
}
