import { ManualClock } from "@troupe/core/testing";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../message/run-event.ts";
import { RunPrinter } from "./run-printer.ts";

type Fields = { readonly kind: string; readonly path?: readonly string[] } & Record<string, unknown>;

function open(isTerminal: boolean) {
  const out = { text: "" };
  const clock = new ManualClock();
  const printer = new RunPrinter({ isTerminal, write: (text) => void (out.text += text) }, clock);
  const print = (fields: Fields): void => {
    printer.print({ runId: "r", sequence: 1, path: ["ada"], isLive: false, at: 0, ...fields } as unknown as RunEvent);
  };
  return { out, clock, printer, print };
}

const say = (text: string, id = "m"): Fields => ({
  kind: "message",
  message: { kind: "text", id, source: "ada", text },
});
const piece = (delta: string): Fields => ({ kind: "text-delta", isLive: true, messageId: "m", delta });
// oxlint-disable-next-line no-control-regex -- what a terminal would take as a command
const plain = (text: string): string => text.replaceAll(/\u001b\[[0-9;]*[A-Za-z]|\r/g, "");

describe("RunPrinter", () => {
  it("P1: shows a streamed message once, and a cut-off stream whole", () => {
    const { out, print } = open(true);
    print(piece("one "));
    print(piece("two"));
    print(say("one two"));
    expect(plain(out.text)).toBe("\nada\none two\n");
    print({ ...piece("lost"), messageId: "n" });
    print(say("lost words", "n"));
    expect(plain(out.text)).toBe("\nada\none two\nlost\nlost words\n");
  });

  it("P1: shows words once that were streamed and then became a thought", () => {
    const { out, print } = open(true);
    print(piece("Let me see."));
    print({ kind: "thought", text: "What the model reasoned." });
    print({ kind: "thought", text: "Let me see." });
    print({ kind: "thought", text: "Another." });
    expect(plain(out.text)).toBe("\nada\nLet me see.\n  (What the model reasoned.)\n  (Another.)\n");
  });

  it("names whoever speaks without the marks of its place, and what was remembered", () => {
    const { out, print } = open(false);
    print({ kind: "thought", text: "hm", path: ["panel", "~chooser"] });
    print({ kind: "memory-queried", memory: "facts", items: [{}, {}] });
    print({ kind: "memory-failed", memory: "notes", message: "index is\ngone" });
    expect(out.text).toBe(
      '\nchooser\n  (hm)\n\nada\n  remembers 2 of "facts"\n  does not remember "notes": index is gone\n',
    );
  });

  it("says when a model is shown less of a conversation", () => {
    const { out, print } = open(false);
    print({ kind: "history-pruned", reason: "window", messages: 3, cleared: 0, tokensBefore: 900, tokensAfter: 500 });
    expect(out.text).toBe("\nada\n  shows its model less: about 500 tokens instead of 900 (window)\n");
  });

  it("P2: prints whole lines without codes where there is no terminal", () => {
    const { out, print, clock } = open(false);
    print({ kind: "model-started", isLive: true, model: "m" });
    clock.advance(10_000);
    print(piece("one"));
    print(say("one"));
    print({ kind: "tool-call-requested", calls: [{ callId: "c", toolName: "add", arguments: '{"a":\n1}' }] });
    print({
      kind: "tool-call-finished",
      durationMs: 3,
      result: { toolName: "add", status: "error", content: [{ kind: "text", text: "no\nway" }] },
    });
    expect(out.text).toBe('\nada\none\n  calls add {"a": 1}\n  failed add 3 ms error: no way\n');
  });

  it("P3: takes control codes out of what agents, tools and people wrote", () => {
    const { out, print } = open(false);
    print(say("a\u001b[2Jb\u0007c\u009bd"));
    print({ kind: "thought", text: "\u001b]0;title\u0007" });
    print({ kind: "question-asked", question: { asker: ["ada"], prompt: "\u001b[31mred?" } });
    // oxlint-disable-next-line no-control-regex -- see above
    expect(out.text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  });

  it("spins only after a while, leaves no trace and no timer", () => {
    const { out, print, clock, printer } = open(true);
    print({ kind: "model-started", isLive: true, model: "m" });
    clock.advance(500);
    expect(out.text).toBe("");
    clock.advance(3_000);
    expect(out.text).toContain("ada is thinking 3 s");
    print(say("done"));
    expect(out.text.split("\u001b[2K").at(-1)).toContain("done");
    printer.close();
    expect(clock.timerCount).toBe(0);
  });
});
