import { expect, test } from "vitest";
import { type Mail, turnIdOf } from "../../store/index.ts";
import { CellWork } from "./cell-work.ts";

const settlementOf = (requestId: string): Mail => ({
  messageId: `${requestId}.settled`,
  kind: "settlement",
  type: "Ask",
  body: null,
  recipient: { type: "asker", key: "a" },
  hops: 1,
  at: 0,
  settlement: { requestId, outcome: { status: "replied", body: null }, tag: "t" },
});

test("C12: a request has one settlement, whether the first is being stored, waits, or was handled", () => {
  const work = new CellWork();
  const mail = settlementOf("r");
  expect(work.settles(mail)).toBe(true);
  expect(work.settles(mail)).toBe(false);
  work.take({ kind: "received", at: 0, mail });
  expect(work.settles(mail)).toBe(false);
  work.take({ kind: "turn", at: 0, turn: turnIdOf(mail), agent: mail.recipient, messageId: mail.messageId });
  expect(work.settles(mail)).toBe(false);
  expect(work.isBusy).toBe(false);
  // A cell that is opened anew knows it from its log.
  const again = new CellWork();
  again.take({ kind: "received", at: 0, mail });
  expect(again.settles(mail)).toBe(false);
  expect(again.settles(settlementOf("other"))).toBe(true);
});
