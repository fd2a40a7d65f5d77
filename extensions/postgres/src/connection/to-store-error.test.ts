import { StoreError } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { faultKindOf, toStoreError } from "./to-store-error.ts";

const fault = (message: string, fields: object = {}): Error => Object.assign(new Error(message), fields);
const sqlState = (code: string): Error => fault("said the server", { severity: "ERROR", code });

describe("a failed statement", () => {
  const kinds = {
    lost: [
      sqlState("57P01"),
      sqlState("08006"),
      fault("Connection terminated unexpectedly"),
      fault("Query read timeout"),
      fault("read ECONNRESET", { code: "ECONNRESET" }),
    ],
    refused: [
      sqlState("40P01"),
      sqlState("53300"),
      sqlState("57014"),
      sqlState("57P03"),
      fault("connect ECONNREFUSED", { code: "ECONNREFUSED" }),
      fault("timeout exceeded when trying to connect"),
      fault("Connection terminated due to connection timeout"),
      new AggregateError([fault("connect ECONNREFUSED ::1", { code: "ECONNREFUSED" })]),
    ],
    final: [
      sqlState("28P01"),
      sqlState("42501"),
      sqlState("22000"),
      fault("self-signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
      new StoreError("store.newer_schema", "newer", { remedy: "update" }),
      new TypeError("a mistake of ours"),
      "not even an error",
    ],
  } as const;
  for (const [kind, errors] of Object.entries(kinds))
    for (const error of errors)
      test(`${String(error)} ${Reflect.get(Object(error), "code") ?? ""} is ${kind}`, () => {
        expect(faultKindOf(error)).toBe(kind);
      });

  test("becomes an error of the store that carries nothing of the driver's", () => {
    const raw = fault('password "hunter2" is wrong', {
      severity: "FATAL",
      code: "28P01",
      client: { password: "hunter2" },
    });
    const error = toStoreError(raw, { isOutcomeUnknown: false, redact: (text) => text.replaceAll("hunter2", "***") });
    expect(error).toMatchObject({ code: "store.unavailable", details: { sqlState: "28P01", outcome: "refused" } });
    expect(error.message).toContain('password "***" is wrong');
    expect(Object.keys(error.cause ?? {})).not.toContain("client");
  });
});
