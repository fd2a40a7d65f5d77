import { describe, expect, test } from "vitest";
import {
  configErrorCodes,
  deliveryErrorCodes,
  serializationErrorCodes,
  stateErrorCodes,
  storeErrorCodes,
  waitErrorCodes,
} from "./error-codes.ts";
import {
  ConfigError,
  DeliveryError,
  decodeError,
  type EncodedError,
  encodeError,
  ModelError,
  StateError,
  StoreError,
  TeamError,
  ToolError,
  TroupeError,
} from "./index.ts";

const closedFamilies = [
  ["delivery", deliveryErrorCodes],
  ["config", configErrorCodes],
  ["serialization", serializationErrorCodes],
  ["state", stateErrorCodes],
  ["wait", waitErrorCodes],
  ["store", storeErrorCodes],
] as const;

test.each(closedFamilies)("the codes of %s are distinct, and words after the family's name", (family, codes) => {
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toMatch(new RegExp(`^${family}\\.[a-z]+(_[a-z]+)*$`));
});

const noAgent = new DeliveryError("delivery.no_such_agent", 'No agent type "clerk"', {
  remedy: "Register it.",
  details: { type: "clerk" },
});

describe("TroupeError", () => {
  test("carries code, remedy, details and cause, and its class name", () => {
    const error = new ToolError("tool.failed", 'Tool "add" failed', { remedy: "Try again.", cause: noAgent });
    expect(error).toMatchObject({
      code: "tool.failed",
      remedy: "Try again.",
      message: 'Tool "add" failed',
      name: "ToolError",
    });
    expect(error.cause).toBe(noAgent);
    expect(noAgent.details).toEqual({ type: "clerk" });
    expect(error.stack).toContain("ToolError: Tool");
    expect("details" in error).toBe(false);
    expect("cause" in noAgent).toBe(false);
  });

  test("instanceof tells the families apart", () => {
    expect(noAgent instanceof DeliveryError).toBe(true);
    expect(noAgent instanceof TroupeError).toBe(true);
    expect(noAgent instanceof Error).toBe(true);
    expect(noAgent instanceof ConfigError).toBe(false);
    expect(new Error("plain") instanceof TroupeError).toBe(false);
    const missing: unknown = null;
    expect(missing instanceof TroupeError).toBe(false);
  });

  test("instanceof and isTroupeError hold for an error made by another copy of the package", async () => {
    const { foreignError } = await loadSecondCopy();
    expect(Object.getPrototypeOf(foreignError)).not.toBe(StoreError.prototype);
    expect(foreignError instanceof StoreError).toBe(true);
    expect(foreignError instanceof TroupeError).toBe(true);
    expect(foreignError instanceof DeliveryError).toBe(false);
    expect(TroupeError.isTroupeError(foreignError)).toBe(true);
  });

  test("a class derived by a program is recognised by its prototype alone", () => {
    class ShopError extends ToolError {}
    const error = new ShopError("tool.shop_closed", "closed", { remedy: "Wait." });
    expect([error instanceof ShopError, error instanceof ToolError]).toEqual([true, true]);
    expect(new ToolError("tool.failed", "failed", { remedy: "" }) instanceof ShopError).toBe(false);
  });
});

async function loadSecondCopy(): Promise<{ foreignError: unknown }> {
  const copy = new URL("./error-families.ts?second-copy", import.meta.url).href;
  const families = (await import(copy)) as { StoreError: typeof StoreError };
  expect(families.StoreError).not.toBe(StoreError);
  return { foreignError: new families.StoreError("store.fenced", "fenced", { remedy: "Stop." }) };
}

describe("encodeError and decodeError", () => {
  test("an error crosses JSON with class, code, remedy, details and causes, and without a stack", () => {
    const error = new TeamError("run.failed", "The run failed", { remedy: "Look at the cause.", cause: noAgent });
    const text = JSON.stringify(encodeError(error));
    expect(text).not.toContain("errors.test");
    const decoded = decodeError(JSON.parse(text) as EncodedError);
    expect(decoded).toBeInstanceOf(TeamError);
    expect(decoded).toMatchObject({
      code: "run.failed",
      remedy: "Look at the cause.",
      message: "The run failed",
      name: "TeamError",
    });
    expect(decoded.cause).toBeInstanceOf(DeliveryError);
    expect(decoded.cause).toMatchObject({ code: "delivery.no_such_agent", details: { type: "clerk" } });
  });

  test.each([
    ["delivery.x", DeliveryError],
    ["state.x", StateError],
    ["wait.unknown", StateError],
    ["model.x", ModelError],
    ["team.x", TeamError],
    ["store.x", StoreError],
    ["future.x", TroupeError],
  ])("a code of another version, %s, keeps its family", (code, family) => {
    const decoded = decodeError({ name: "Whatever", message: "m", code, remedy: "r" });
    expect(decoded).toBeInstanceOf(family);
    expect(decoded).toMatchObject({ code, remedy: "r" });
  });

  test("plain errors keep their name, thrown values their text", () => {
    const plain = decodeError(encodeError(new RangeError("too far", { cause: "a string" })));
    expect([plain.name, plain.message]).toEqual(["RangeError", "too far"]);
    expect(plain.cause).toMatchObject({ message: "a string" });
    expect(decodeError(encodeError(undefined)).message).toBe("undefined");
    expect(decodeError(encodeError({ code: 7 })).message).toBe("[object Object]");
    expect(decodeError(encodeError(Object.create(null))).message).toContain("no text");
    expect(decodeError(encodeError(new DOMException("gone", "AbortError"))).name).toBe("AbortError");
  });

  test("a cycle of causes is cut", () => {
    const error = new Error("ouroboros");
    error.cause = error;
    expect(JSON.stringify(encodeError(error)).split("ouroboros")).toHaveLength(10);
  });
});
