import { describe, expect, test } from "vitest";
import { countOf, formatAge, formatBytes, formatDuration, formatTime, parseDuration } from "./human-units.ts";

describe("durations", () => {
  test.each([
    ["45s", 45_000],
    ["90m", 5_400_000],
    ["1.5h", 5_400_000],
    ["30d", 2_592_000_000],
    ["2 W", 1_209_600_000],
  ])("%s is read", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(["", "30", "d", "-3d", "3 years", "1e3s"])("%j is refused with a remedy", (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "config.invalid_option" }) as Error);
  });

  test.each([
    [38.4, "38 ms"],
    [1_449, "1.4 s"],
    [60_000, "1 min"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
  ])("%d ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  test.each([
    [10, "just now"],
    [12_900, "12 s ago"],
    [300_000, "5 min ago"],
    [11_000_000, "3 h ago"],
    [400_000_000, "4 d ago"],
  ])("%d ms ago is %s", (ms, text) => expect(formatAge(ms)).toBe(text));
});

test.each([
  [512, "512 B"],
  [8_192, "8.2 kB"],
  [52_400, "52 kB"],
  [1_400_000, "1.4 MB"],
  [2_000_000_000, "2.0 GB"],
])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test("a time is local, to the second", () => {
  expect(formatTime(new Date(2026, 10, 21, 15, 30, 12, 999).getTime())).toBe("2026-11-21 15:30:12");
});

test("nouns agree with their number", () => {
  expect([countOf(1, "run"), countOf(0, "run"), countOf(7, "run")]).toEqual(["1 run", "0 runs", "7 runs"]);
});
