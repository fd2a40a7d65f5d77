import { InProcessRuntime } from "@troupe/core";
import { declareContract } from "@troupe/core/testing";
import { chatContract } from "@troupe/agentchat/testing";
import { describe, test } from "vitest";

describe("the chat contract in process", () => {
  declareContract(
    chatContract,
    { create: () => ({ runtime: new InProcessRuntime() }), dispose: ({ runtime }) => runtime.close() },
    { test },
  );
});

describe("the chat contract on a runtime that parks at every wait", () => {
  declareContract(
    chatContract,
    {
      create: () => ({ runtime: new InProcessRuntime({ parkAfterMs: 0 }) }),
      dispose: ({ runtime }) => runtime.close(),
    },
    { test },
  );
});
