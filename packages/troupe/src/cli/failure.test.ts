import { ConfigError, ModelError, TeamError } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { exitCodes } from "./exit-codes.ts";
import { describeFailure, exitCodeOf } from "./failure.ts";
import { createFaultLogger } from "./runs/fault-logger.ts";

const refused = new ModelError("model.unauthorized", "The key was refused.", {
  remedy: "Set a valid key.",
  cause: new Error("HTTP 401"),
});

describe("describeFailure", () => {
  test("says what happened, the code, the remedy and the cause", () => {
    expect(describeFailure(refused, { isDebug: false })).toBe(
      "error: The key was refused.\n  code: model.unauthorized\n  remedy: Set a valid key.\n  because: HTTP 401",
    );
  });

  test("shows stacks of an error and its causes only when debugging", () => {
    expect(describeFailure(refused, { isDebug: true })).toMatch(/^\s+at [\s\S]*caused by: Error: HTTP 401/m);
  });

  test("gives a foreign error a remedy too", () => {
    expect(describeFailure(new TypeError("boom"), { isDebug: false })).toMatch(/^error: boom\n {2}remedy: .*--debug/);
    expect(describeFailure("just a string", { isDebug: false })).toContain("error: just a string");
  });

  test("ends with causes that form a ring", () => {
    const first = new Error("first");
    const second = new Error("second", { cause: first });
    first.cause = second;
    const text = describeFailure(new ModelError("model.network", "down", { remedy: "wait", cause: first }), {
      isDebug: false,
    });
    expect(text.split("because").length).toBeLessThan(8);
    expect(describeFailure(first, { isDebug: true }).length).toBeLessThan(20_000);
  });
});

test("a fault that nobody awaits is told in the same words, with a stack only when debugging", () => {
  const written: string[] = [];
  createFaultLogger((text) => written.push(text), false).error({ message: "the log is full", error: refused });
  createFaultLogger((text) => written.push(text), false).warn({ message: "slow" });
  createFaultLogger((text) => written.push(text), true).error({ message: "the log is full", error: refused });
  expect(written[0]).toMatch(/^the log is full\nerror: The key was refused\.\n {2}code: model\.unauthorized\n/);
  expect(written[0]).not.toMatch(/^\s+at /m);
  expect(written[1]).toBe("slow\n");
  expect(written[2]).toMatch(/^\s+at /m);
});

test("a wrong set-up exits with 2, a fault with 1", () => {
  expect(exitCodeOf(new ConfigError("config.missing_key", "no key", { remedy: "set it" }))).toBe(exitCodes.usage);
  expect(exitCodeOf(refused)).toBe(exitCodes.failed);
  const cause = new ConfigError("config.missing_key", "no key", { remedy: "set it" });
  expect(exitCodeOf(new TeamError("run.failed", "agent failed", { remedy: "", cause }))).toBe(exitCodes.usage);
  expect(exitCodeOf(new TeamError("run.failed", "agent failed", { remedy: "", cause: refused }))).toBe(
    exitCodes.failed,
  );
  expect(exitCodeOf(new Error("?"))).toBe(exitCodes.failed);
});
