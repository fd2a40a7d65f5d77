import { describe, expect, it } from "vitest";
import type { ModelEvent } from "../model/chat-model.ts";
import { PartialOutput } from "./partial-output.ts";

const words = (delta: string): ModelEvent => ({ kind: "text-delta", partId: "0", delta });
const call = (delta: string, callId = "c1"): ModelEvent => ({
  kind: "tool-call-delta",
  callId,
  toolName: "answer",
  delta,
});
const text = { toolName: undefined, isWrapped: false };
const tool = { toolName: "answer", isWrapped: false };

function pictures(output: PartialOutput, events: readonly ModelEvent[]): readonly unknown[] {
  return events.map((event) => output.take(event)).filter((picture) => picture !== undefined);
}

describe("PartialOutput", () => {
  it("1: shows what is known, each picture larger than the last", () => {
    const events = ['{"ti', 'tle":"A', " tale", '","steps":[{"n":', '1},{"n"', ":2}]", "}"].map(words);
    expect(pictures(new PartialOutput(text), events)).toEqual([
      {},
      { title: "A" },
      { title: "A tale" },
      { title: "A tale", steps: [{}] },
      { title: "A tale", steps: [{ n: 1 }, {}] },
      { title: "A tale", steps: [{ n: 1 }, { n: 2 }] },
    ]);
  });

  it("looks through a fence, into a wrapped value and into the arguments of the answer's tool", () => {
    const fenced = new PartialOutput(text);
    expect(pictures(fenced, [words("``"), words("`json\n"), words('{"a":'), words("1}\n```")])).toEqual([{}, { a: 1 }]);
    const wrapped = new PartialOutput({ toolName: undefined, isWrapped: true });
    expect(pictures(wrapped, [words('{"value":'), words('["a","'), words('b"]}')])).toEqual([
      ["a", ""],
      ["a", "b"],
    ]);
    const called = new PartialOutput(tool);
    const other: ModelEvent = { kind: "tool-call-delta", callId: "c0", toolName: "look_up", delta: '{"q":1' };
    expect(pictures(called, [other, call('{"a":1'), call('{"a":2}', "c2"), call(",")])).toEqual([{}, { a: 1 }]);
  });

  it("does not take words for the value where they are something else", () => {
    const output = new PartialOutput({ toolName: "answer", isWrapped: false, inWords: false });
    expect(pictures(output, [words('{"a":1}'), call('{"b":'), call("2}")])).toEqual([{}, { b: 2 }]);
  });

  it("2: shows nothing of words, nor of JSON in the middle of them", () => {
    expect(pictures(new PartialOutput(text), ["Well, ", '{"a":1}'].map(words))).toEqual([]);
    expect(pictures(new PartialOutput(text), ["<think>", '{"a":1}', "</think>", '{"a":2}'].map(words))).toEqual([]);
  });

  it("shows a long answer in pictures whose sizes add up to a small multiple of it", () => {
    const value = { items: Array.from({ length: 4_000 }, (_, index) => `item number ${index}`) };
    const whole = JSON.stringify(value);
    const output = new PartialOutput(text);
    let shown = 0;
    let last: unknown;
    for (let index = 0; index < whole.length; index += 8) {
      const picture = output.take(words(whole.slice(index, index + 8)));
      if (picture === undefined) continue;
      shown += JSON.stringify(picture).length;
      last = picture;
    }
    expect(last).toEqual(value);
    expect(shown / whole.length).toBeLessThan(40);
  });
});
