// Solvers on a ring: each round they hear their neighbours' answers and think again; an aggregator takes the majority of the last ones.
import assert from "node:assert/strict";
import { defineAgent, defineEvent, InProcessRuntime, topicId, typeSubscription } from "troupe";
import { z } from "zod";

const rounds = 3;
const solvers = ["a", "b", "c", "d"] as const;
const Question = defineEvent("Question", z.object({ text: z.string() }));
const Intermediate = defineEvent("Intermediate", z.object({ by: z.string(), round: z.number(), answer: z.number() }));
const Final = defineEvent("Final", z.object({ by: z.string(), answer: z.number() }));

type Name = (typeof solvers)[number];
const neighbours = (name: Name): readonly Name[] => {
  const index = solvers.indexOf(name);
  return [solvers.at((index + 1) % solvers.length), solvers.at(index - 1)].filter((other) => other !== undefined);
};

/** Two neighbours who agree convince everybody. */
const think = (guess: number, [first, second]: readonly number[]): number =>
  first !== undefined && first === second ? first : guess;

const defineSolver = (name: Name, guess: number) =>
  defineAgent({
    type: `solver-${name}`,
    state: () => ({ answer: guess, heard: {} as Record<string, number[]> }),
    handlers: (on) => [
      on.event(Question, (_question, context) => {
        context.publish(Intermediate({ by: name, round: 1, answer: guess }), topicId(`from-${name}`, context.id.key));
      }),
      on.event(Intermediate, ({ round, answer }, context) => {
        const { state } = context;
        const heard = (state.heard[round] ??= []);
        heard.push(answer);
        // Nobody thinks again before all neighbours have spoken in that round.
        if (heard.length < neighbours(name).length) return;
        state.answer = think(state.answer, heard);
        if (round < rounds) {
          const next = Intermediate({ by: name, round: round + 1, answer: state.answer });
          context.publish(next, topicId(`from-${name}`, context.id.key));
        } else {
          context.publish(Final({ by: name, answer: state.answer }), topicId("answers", context.id.key));
        }
      }),
    ],
    subscriptions: [
      typeSubscription("question"),
      ...neighbours(name).map((other) => typeSubscription(`from-${other}`)),
    ],
  });

const aggregator = defineAgent({
  type: "aggregator",
  state: () => ({ answers: [] as number[], verdict: null as number | null }),
  handlers: (on) => [
    on.event(Final, ({ answer }, { state }) => {
      state.answers.push(answer);
      if (state.answers.length < solvers.length) return;
      const votes = (candidate: number): number => state.answers.filter((other) => other === candidate).length;
      state.verdict = state.answers.reduce((best, candidate) => (votes(candidate) > votes(best) ? candidate : best));
    }),
  ],
  subscriptions: [typeSubscription("answers")],
});

export async function debate(): Promise<string> {
  const runtime = new InProcessRuntime();
  const guesses = { a: 42, b: 7, c: 42, d: 42 };
  for (const name of solvers) await runtime.register(defineSolver(name, guesses[name]));
  await runtime.register(aggregator);
  await runtime.publish(Question({ text: "6 x 7?" }), topicId("question", "one"));
  await runtime.idle();
  const snapshot = await runtime.snapshot(aggregator.id("one"));
  await runtime.close();
  assert.deepEqual(snapshot?.state, { answers: [42, 42, 42, 42], verdict: 42 }); // b was convinced
  return "all four solvers say 42";
}
