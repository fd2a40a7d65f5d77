import { describe, expect, test } from "vitest";
import { isPromiseLike } from "../async/index.ts";
import { agentId, topicId } from "../identity/index.ts";
import type { Message } from "../message/index.ts";
import type { Logger, LogRecord } from "../observe/index.ts";
import { droppedError, dropMessage, InterventionChain, type InterventionHandler, refuseMessage } from "./index.ts";

const message: Message = { type: "Note", payload: [] };
const sendContext = { messageId: "m1", sender: undefined, recipient: agentId("a", "1"), kind: "event" } as const;
const publishContext = { messageId: "m1", sender: undefined, topic: topicId("t", "s") };
const replyContext = { messageId: "m1", sender: agentId("a", "1"), recipient: undefined, requestType: "Ask" };

const append = (mark: string): InterventionHandler => ({
  onSend: (sent) => ({ ...sent, payload: [...(sent.payload as string[]), mark] }),
});
const appendLater = (mark: string): InterventionHandler => ({
  onSend: async (sent) => ({ ...sent, payload: [...(sent.payload as string[]), mark] }),
});

function recordingLogger(): { readonly logger: Logger; readonly warnings: LogRecord[] } {
  const warnings: LogRecord[] = [];
  const ignore = (): void => {};
  return { logger: { debug: ignore, info: ignore, warn: (record) => warnings.push(record), error: ignore }, warnings };
}

describe("InterventionChain", () => {
  test.each([
    ["at once", [append("a"), append("b"), append("c")]],
    ["later", [append("a"), appendLater("b"), append("c")]],
    ["all later", [appendLater("a"), appendLater("b"), appendLater("c")]],
  ])("1: each handler sees the former's result when they answer %s", async (_, handlers) => {
    expect(await new InterventionChain(handlers).send(message, sendContext)).toEqual({
      kind: "pass",
      value: { type: "Note", payload: ["a", "b", "c"] },
    });
  });

  test("2: undefined means unchanged, warned about once for each handler and hook", async () => {
    const { logger, warnings } = recordingLogger();
    class Forgetful implements InterventionHandler {
      onSend(): undefined {}
      async onPublish(): Promise<undefined> {}
    }
    const chain = new InterventionChain([append("a"), new Forgetful()], logger);
    for (let round = 0; round < 3; round++) {
      expect(await chain.send(message, sendContext)).toMatchObject({ kind: "pass", value: { payload: ["a"] } });
      expect(await chain.publish(message, publishContext)).toEqual({ kind: "pass", value: message });
    }
    expect(warnings.map((warning) => warning.message)).toEqual([
      expect.stringContaining('"Forgetful" returned undefined from onSend'),
      expect.stringContaining('"Forgetful" returned undefined from onPublish'),
    ]);
  });

  test("3: a drop names its handler and ends the chain", async () => {
    let asked = 0;
    const dropping: InterventionHandler = {
      name: "censor",
      onSend: () => dropMessage,
      onReply: async () => dropMessage,
    };
    const counting: InterventionHandler = {
      onSend: (sent) => {
        asked += 1;
        return sent;
      },
      onReply: (reply) => {
        asked += 1;
        return reply;
      },
    };
    const chain = new InterventionChain([dropping, counting]);
    expect(chain.send(message, sendContext)).toEqual({ kind: "drop", by: "censor" });
    expect(await chain.reply({ ok: true }, replyContext)).toEqual({ kind: "drop", by: "censor" });
    expect(asked).toBe(0);
  });

  test("4: handlers that answer at once make no promise; missing hooks are skipped", () => {
    const chain = new InterventionChain([{}, append("a"), { onPublish: (sent) => sent }]);
    expect(isPromiseLike<unknown>(chain.send(message, sendContext))).toBe(false);
    expect(chain.reply(7, replyContext)).toEqual({ kind: "pass", value: 7 });
    expect([chain.has("onSend"), chain.has("onPublish"), chain.has("onReply")]).toEqual([true, true, false]);
  });

  test("what a handler throws comes out as it is, whether it answers at once or later", async () => {
    const refusal = refuseMessage("no payments");
    expect(() =>
      new InterventionChain([
        {
          onSend: () => {
            throw refusal;
          },
        },
      ]).send(message, sendContext),
    ).toThrow(refusal);
    await expect(
      new InterventionChain([
        {
          onSend: async () => {
            throw refusal;
          },
        },
      ]).send(message, sendContext),
    ).rejects.toBe(refusal);
    expect(refusal).toMatchObject({ code: "delivery.refused", details: { reason: "no payments" } });
    expect(droppedError("m1", "censor")).toMatchObject({
      code: "delivery.dropped",
      details: { messageId: "m1", by: "censor" },
    });
  });
});
