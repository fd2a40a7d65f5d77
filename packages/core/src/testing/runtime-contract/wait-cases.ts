import { type AgentContext, type AgentDefinition, defineAgent, type RunContext } from "../../agent/index.ts";
import type { AgentRuntime } from "../../runtime/agent-runtime.ts";
import { codeOf, expectCode, expectEqual, expectThat, settle } from "../expectation.ts";
import { type RuntimeCase, runtimeCase } from "./environment.ts";
import { amountSchema, Ask, Stage } from "./fixtures.ts";

type Context = AgentContext<{ count: number }>;

/** Agents of one cell, `session`, whose `Ask` handler is the test's. */
function session(run: (text: string, context: Context) => string | Promise<string>): AgentDefinition<"Ask"> {
  return defineAgent({
    type: "session",
    state: () => ({ count: 0 }),
    cell: () => "session",
    handlers: (on) => [on.request(Ask, run)],
  });
}

const run: RunContext = { runId: "run-1", path: ["team"] };

/** Waits until the runtime shows an open wait: it does so with the commit that records it. */
async function openWait(runtime: AgentRuntime): Promise<string> {
  await runtime.idle();
  const [wait] = runtime.waits();
  expectThat(wait !== undefined, "no wait is open");
  return wait.id;
}

const answerCases: readonly RuntimeCase[] = [
  runtimeCase(
    "C16",
    "a wait is shown with its question, takes one answer that fits, and refuses all others",
    async (runtime) => {
      const agent = session(async (_, context) => {
        const answer = await context.waitFor("approval", amountSchema, { question: { prompt: "How much?" } });
        context.state.count += answer.cents;
        return String(context.state.count);
      });
      await runtime.register(agent);
      const pending = runtime.send(Ask("go"), agent.id("x"), { run, deadlineMs: Number.POSITIVE_INFINITY });
      const id = await openWait(runtime);
      const [wait] = runtime.waits({ runId: "run-1" });
      expectEqual(
        [wait?.name, wait?.question, wait?.agent],
        ["approval", { prompt: "How much?" }, { type: "session", key: "x" }],
        "the wait",
      );
      expectEqual(runtime.waits({ runId: "other" }), [], "the waits of another run");
      await expectCode("wait.invalid_answer", "an answer that does not fit", () =>
        runtime.respond(id, { cents: "five" }),
      );
      await expectCode("wait.unknown", "an answer to nothing", () => runtime.respond("nothing", { cents: 5 }));
      await runtime.respond(id, { cents: 5 });
      await expectCode("wait.already_settled", "a second answer", () => runtime.respond(id, { cents: 6 }));
      expectEqual(await pending, "5", "the reply");
      expectEqual(runtime.waits(), [], "the waits afterwards");
    },
  ),
  runtimeCase("C16", "a wait ends by its deadline", async (runtime, { advance }) => {
    const agent = session(async (_, context) => {
      const outcome = await settle(() => context.waitFor("approval", amountSchema, { deadlineMs: 500 }));
      return outcome.status === "rejected" ? codeOf(outcome.error) : "answered";
    });
    await runtime.register(agent);
    const pending = runtime.send(Ask("go"), agent.id("x"), { run, deadlineMs: 60_000 });
    const id = await openWait(runtime);
    await advance(500);
    expectEqual(await pending, "wait.deadline_exceeded", "the outcome of the wait");
    await expectCode("wait.already_settled", "a late answer", () => runtime.respond(id, { cents: 1 }));
  }),
  runtimeCase(
    "C17",
    "sleep takes its time, and a sleeping turn does not keep the runtime from being idle",
    async (runtime, { advance }) => {
      const agent = session(async (_, context) => {
        await context.sleep(1000);
        return "awake";
      });
      await runtime.register(agent);
      let reply: string | undefined;
      const pending = runtime.send(Ask("go"), agent.id("x"), { run }).then((text) => {
        reply = text;
      });
      await runtime.idle();
      expectEqual(reply, undefined, "the reply before its time");
      await advance(1000);
      await pending;
      expectEqual(reply, "awake", "the reply");
    },
  ),
  {
    invariant: "C17",
    name: "a parked turn is replayed on wake: recorded steps do not run again, code before them does",
    run: async ({ open }) => {
      const runtime = await open({ parkAfterMs: 0 });
      const stage = new Stage();
      const agent = session(async (_, context) => {
        stage.mark("start");
        const now = context.now();
        const draws = [context.random(), context.newId()];
        const first = await context.step("first", () => {
          stage.mark("first");
          return [context.random(), context.newId(), ...draws];
        });
        const answer = await context.waitFor("approval", amountSchema);
        const second = await context.step("second", () => {
          stage.mark("second");
          return draws;
        });
        const isSame = context.now() >= now && JSON.stringify(first.slice(2)) === JSON.stringify(second);
        return `${answer.cents} ${String(isSame)}`;
      });
      await runtime.register(agent);
      const pending = runtime.send(Ask("go"), agent.id("x"), { run, deadlineMs: Number.POSITIVE_INFINITY });
      const id = await openWait(runtime);
      expectEqual(runtime.stats().parkedTurns, 1, "parked turns");
      await runtime.respond(id, { cents: 5 });
      expectEqual(await pending, "5 true", "the reply");
      expectEqual(stage.seen, ["start", "first", "start", "second"], "what ran");
    },
  },
  {
    invariant: "C7",
    name: "a handler that asks for other steps on replay fails with state.nondeterministic_replay before anything new runs",
    run: async ({ open }) => {
      const runtime = await open({ parkAfterMs: 0 });
      const stage = new Stage();
      let attempts = 0;
      const agent = session(async (_, context) => {
        attempts += 1;
        const name = attempts === 1 ? "old" : "new";
        await context.step(name, () => stage.mark(name));
        await context.waitFor("approval", amountSchema);
        return "done";
      });
      await runtime.register(agent);
      const pending = settle(() =>
        runtime.send(Ask("go"), agent.id("x"), { run, deadlineMs: Number.POSITIVE_INFINITY }),
      );
      await runtime.respond(await openWait(runtime), { cents: 1 });
      const outcome = await pending;
      await expectCode("state.nondeterministic_replay", "the turn", () => {
        if (outcome.status === "rejected") throw outcome.error;
      });
      expectEqual(stage.seen, ["old"], "the steps that ran");
    },
  },
];

const controlCases: readonly RuntimeCase[] = [
  runtimeCase(
    "C18",
    "cancel aborts a running step, keeps its partial output and refuses later steps",
    async (runtime) => {
      const stage = new Stage();
      const agent = session(async (_, context) => {
        const running = await context.stepOutcome("running", async (step) => {
          step.partial("half");
          await stage.stopAt("running", step.signal);
        });
        const later = await context.stepOutcome("later", () => stage.mark("later"));
        return JSON.stringify([running, later]);
      });
      await runtime.register(agent);
      const pending = runtime.send(Ask("go"), agent.id("x"), { run });
      await stage.reached("running");
      await runtime.control("session", "run-1", { kind: "cancel", detail: "enough" });
      const reason = { kind: "cancel", detail: "enough" };
      expectEqual(
        JSON.parse(await pending),
        [
          { status: "cancelled", reason, partial: "half" },
          { status: "cancelled", reason },
        ],
        "the outcomes",
      );
      expectEqual(stage.seen, ["running"], "the steps that ran");
    },
  ),
  runtimeCase(
    "C18",
    "a step that does not settle within the grace ends as unknown, and its late result is dropped",
    async (runtime, { advance }) => {
      const stage = new Stage();
      const agent = session(async (_, context) => {
        const outcome = await context.stepOutcome("deaf", () => stage.stopAt("deaf"));
        return outcome.status;
      });
      await runtime.register(agent);
      const pending = runtime.send(Ask("go"), agent.id("x"), { run });
      await stage.reached("deaf");
      const control = runtime.control("session", "run-1", { kind: "cancel" });
      await advance(1000);
      await control;
      stage.open("deaf");
      expectEqual(await pending, "unknown", "the outcome");
    },
  ),
  runtimeCase("C18", "cancel ends an open wait", async (runtime) => {
    const agent = session(async (_, context) => {
      const outcome = await settle(() => context.waitFor("approval", amountSchema));
      return outcome.status === "rejected" ? codeOf(outcome.error) : "answered";
    });
    await runtime.register(agent);
    const pending = runtime.send(Ask("go"), agent.id("x"), { run });
    const id = await openWait(runtime);
    await runtime.control("session", "run-1", { kind: "cancel" });
    expectEqual(await pending, "state.step_cancelled", "the outcome of the wait");
    await expectCode("wait.already_settled", "a late answer", () => runtime.respond(id, { cents: 1 }));
  }),
  runtimeCase("C18", "pause lets a running step finish and starts no new one until resume", async (runtime) => {
    const stage = new Stage();
    const agent = session(async (_, context) => {
      await context.step("first", () => stage.stopAt("first"));
      await context.step("second", () => stage.mark("second"));
      return "done";
    });
    await runtime.register(agent);
    const pending = runtime.send(Ask("go"), agent.id("x"), { run });
    await stage.reached("first");
    const paused = runtime.control("session", "run-1", { kind: "pause" });
    stage.open("first");
    await paused;
    await runtime.idle();
    expectEqual(stage.seen, ["first"], "what ran while paused");
    await runtime.control("session", "run-1", { kind: "resume" });
    expectEqual(await pending, "done", "the reply");
    expectEqual(stage.seen, ["first", "second"], "what ran");
  }),
  runtimeCase("C18", "control of one run does not touch another in the same cell", async (runtime) => {
    const stage = new Stage();
    const agent = session(
      async (text, context) => (await context.stepOutcome("work", (step) => stage.stopAt(text, step.signal))).status,
    );
    await runtime.register(agent);
    const one = runtime.send(Ask("one"), agent.id("one"), { run });
    const two = runtime.send(Ask("two"), agent.id("two"), { run: { runId: "run-2", path: [] } });
    await Promise.all([stage.reached("one"), stage.reached("two")]);
    await runtime.control("session", "run-1", { kind: "cancel" });
    expectEqual(await one, "cancelled", "the step of the cancelled run");
    stage.open("two");
    expectEqual(await two, "done", "the step of the other");
  }),
  runtimeCase(
    "C18",
    "an aborted send gives its caller the reason, unwrapped, and stops the handler's step",
    async (runtime) => {
      const stage = new Stage();
      const agent = session(async (_, context) => {
        const outcome = await context.stepOutcome("running", (step) => stage.stopAt("running", step.signal));
        stage.mark(outcome.status);
        return "nobody listens";
      });
      await runtime.register(agent);
      const controller = new AbortController();
      const pending = settle(() => runtime.send(Ask("go"), agent.id("x"), { signal: controller.signal }));
      await stage.reached("running");
      const reason = new Error("changed my mind");
      controller.abort(reason);
      expectEqual(await pending, { status: "rejected", error: reason }, "what the caller got");
      await stage.reached("cancelled");
      await runtime.idle();
    },
  ),
  runtimeCase("C18", "a request whose signal has aborted is never handled", async (runtime) => {
    const stage = new Stage();
    const agent = session(async (text) => {
      await stage.stopAt(text);
      return text;
    });
    await runtime.register(agent);
    const gone = await settle(() => runtime.send(Ask("gone"), agent.id("x"), { signal: AbortSignal.abort("gone") }));
    expectEqual(gone, { status: "rejected", error: "gone" }, "a request aborted before it was sent");
    const controller = new AbortController();
    const first = runtime.send(Ask("first"), agent.id("x"));
    await stage.reached("first");
    const queued = settle(() => runtime.send(Ask("queued"), agent.id("x"), { signal: controller.signal }));
    controller.abort("changed");
    expectEqual(await queued, { status: "rejected", error: "changed" }, "a request aborted while it waited");
    stage.open("first");
    await first;
    await runtime.idle();
    expectEqual(stage.seen, ["first"], "what was handled");
  }),
];

/** Waits, parking, replay, control and cancellation (C7, C16 to C18). */
export const waitCases: readonly RuntimeCase[] = [...answerCases, ...controlCases];
