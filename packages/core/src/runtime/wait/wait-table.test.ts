import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actor, run } from "../../../test/support/actor.ts";
import { ChaosStore } from "../../../test/support/chaos-store.ts";
import {
  anything,
  Ask,
  codeFrom,
  codeOf,
  createBench,
  settleRounds,
  turnUntil,
} from "../../../test/support/fixtures.ts";

const step = fc.constantFrom("answer", "answer", "bad answer", "deadline", "cancel", "let run");

describe("WaitTable", () => {
  test("X1, X2, X3: exactly one of answer, deadline and cancel ends a wait, in any order and on any store (C16)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        fc.boolean(),
        async (steps, isSlow, parks) => {
          const { runtime, clock } = createBench({
            ...(isSlow && { store: new ChaosStore({ seed: steps.join() }) }),
            ...(parks && { parkAfterMs: 0 }),
          });
          const fits = {
            "~standard": {
              version: 1,
              vendor: "t",
              validate: (value: unknown) => (value === "bad" ? { issues: [{ message: "bad" }] } : { value }),
            },
          } as const;
          const agent = actor(async (_, context) => {
            const got = await context.waitFor("question", fits, { deadlineMs: 100 }).catch(codeOf);
            context.lists.log.append(String(got));
            return got;
          });
          await runtime.register(agent);
          const sent = codeFrom(runtime.send(Ask(1), agent.id("x"), { run, deadlineMs: 900_000 }));
          await settleRounds(15);
          const id = runtime.waits()[0]?.id ?? "none";
          const answers: Promise<unknown>[] = [];
          for (const [index, action] of steps.entries()) {
            if (action === "answer") answers.push(codeFrom(runtime.respond(id, `answer ${index}`)));
            else if (action === "bad answer") {
              const refused = runtime.respond(id, "bad");
              expect(["wait.invalid_answer", "wait.already_settled"]).toContain(await codeFrom(refused));
            } else if (action === "deadline") clock.advance(100);
            else if (action === "cancel")
              answers.push(runtime.control("session", "run", { kind: "cancel" }).then(() => "control"));
            else await settleRounds(4);
          }
          const got = await turnUntil(clock, sent, 50);
          const ends = await turnUntil(clock, Promise.all(answers));
          const taken = ends.filter((end) => end === undefined).length;
          expect(taken).toBe(typeof got === "string" && got.startsWith("answer") ? 1 : 0);
          for (const end of ends) expect([undefined, "control", "wait.already_settled"]).toContain(end);
          expect((await runtime.snapshot(agent.id("x")))?.lists["log"]).toEqual([got]);
          expect(await codeFrom(runtime.respond(id, "late"))).toBe("wait.already_settled");
          expect(await codeFrom(runtime.respond("nothing", "late"))).toBe("wait.unknown");
          expect(runtime.stats()).toMatchObject({ openWaits: 0, pendingRequests: 0, timers: 0 });
          await runtime.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  test("X4: ten thousand settled waits are remembered, no more", async () => {
    const { runtime } = createBench();
    const agent = actor((_, context) => context.waitFor("question", anything));
    await runtime.register(agent);
    const ids: string[] = [];
    for (let n = 0; n < 10_010; n++) {
      const sent = runtime.send(Ask(1), agent.id("x"));
      while (runtime.waits().length === 0) await settleRounds(1);
      const id = runtime.waits()[0]?.id ?? "";
      ids.push(id);
      await runtime.respond(id, n);
      await sent;
    }
    expect(await codeFrom(runtime.respond(ids[0] ?? "", 1))).toBe("wait.unknown");
    expect(await codeFrom(runtime.respond(ids.at(-1) ?? "", 1))).toBe("wait.already_settled");
    await runtime.close();
  });
});
