import { ManualClock } from "@troupe/core/testing";
import { describe, expect, it } from "vitest";
import type { LiveAgentEvent } from "../../message/agent-event.ts";
import { RunWatch, type RunWatchOptions, type WatchEnd } from "./run-watch.ts";

function watched(options: Partial<RunWatchOptions> = {}) {
  const clock = new ManualClock();
  const stalls: string[] = [];
  const ends: WatchEnd[] = [];
  const shown: LiveAgentEvent[] = [];
  const watch = new RunWatch({
    clock,
    stall: { afterMs: 1_000, ends: false },
    deadline: undefined,
    onStall: (text) => stalls.push(text),
    onEnd: (end) => ends.push(end),
    ...options,
  });
  const turn = { path: ["team", "a"], report: (event: LiveAgentEvent): void => void shown.push(event) };
  const begin = (what = "model", owedMs = 0): (() => void) => watch.begin({ what, owedMs, turn });
  return { clock, watch, stalls, ends, shown, begin };
}

describe("a watch", () => {
  it("S1: reports a silence once, with what is awaited, and the next one again", () => {
    const { clock, watch, stalls, shown, begin, ends } = watched();
    begin("tool:search");
    clock.advance(900);
    watch.touch();
    clock.advance(900);
    expect(stalls).toEqual([]);
    clock.advance(200);
    expect(stalls).toEqual(['Nothing has happened for 1000 ms: "team/a" waits for tool:search']);
    expect(shown).toEqual([
      { kind: "stalled", silentMs: 1_000, awaited: [{ path: ["team", "a"], what: "tool:search" }] },
    ]);
    clock.advance(10_000);
    expect(stalls).toHaveLength(1);
    begin("model");
    watch.touch();
    clock.advance(1_100);
    watch.touch();
    clock.advance(1_100);
    expect(stalls).toHaveLength(3);
    expect(stalls[1]).toContain("waits for tool:search, ");
    expect(ends).toEqual([]);
  });

  it("S1: waits for the time limit of what is at work", () => {
    const { clock, stalls, begin } = watched();
    begin("tool:slow", 60_000);
    clock.advance(60_900);
    expect(stalls).toEqual([]);
    clock.advance(200);
    expect(stalls).toHaveLength(1);
  });

  it("S2, S4: sees no stall and keeps no timer while nothing is at work", () => {
    const { clock, watch, stalls, begin } = watched();
    const done = begin();
    clock.advance(500);
    done();
    done();
    clock.advance(60_000);
    expect(stalls).toEqual([]);
    expect(clock.timerCount).toBe(0);
    begin();
    expect(clock.timerCount).toBe(1);
    watch.close();
    expect(clock.timerCount).toBe(0);
    clock.advance(60_000);
    expect(stalls).toEqual([]);
  });

  it("S3: ends after a second silence when it shall, once", () => {
    const { clock, stalls, ends, begin } = watched({ stall: { afterMs: 1_000, ends: true } });
    begin();
    clock.advance(1_900);
    expect(stalls).toHaveLength(1);
    expect(ends).toEqual([]);
    clock.advance(200);
    expect(ends).toEqual([{ by: "stall", text: expect.stringContaining('"team/a" waits for model') as string }]);
    clock.advance(60_000);
    expect(ends).toHaveLength(1);
  });

  it("S3: ends at a deadline, also one that passed in the meantime", () => {
    const clock = new ManualClock();
    const first = watched({ clock, deadline: clock.now() + 400 });
    first.begin();
    clock.advance(500);
    expect(first.ends).toEqual([{ by: "deadline", text: "its time is over" }]);
    const second = watched({ clock, deadline: clock.now() + 400 });
    second.begin()();
    clock.advance(5_000);
    expect(second.ends).toEqual([]);
    second.begin();
    clock.advance(2);
    expect(second.ends).toHaveLength(1);
  });
});
