import { describe, expect, test } from "vitest";
import { answerQuestion } from "./answer-question.ts";
import type { Prompter } from "./prompter.ts";

/** A person who answers from a list and remembers what was asked. */
function person(answers: readonly (string | boolean)[]): Prompter & { readonly asked: string[] } {
  const left = [...answers];
  const asked: string[] = [];
  const next = (prompt: string): Promise<string | boolean | undefined> => {
    asked.push(prompt);
    return Promise.resolve(left.shift());
  };
  return {
    asked,
    isInteractive: true,
    text: async (prompt) => (await next(prompt))?.toString(),
    confirm: async (prompt) => (await next(prompt)) as boolean | undefined,
    choose: async (prompt) => (await next(prompt))?.toString(),
    close: () => {},
  };
}

describe("answerQuestion follows the JSON Schema", () => {
  test.each([
    ["a string", { type: "string" }, ["why not"], "why not"],
    ["a boolean", { type: "boolean" }, [false], false],
    ["a number", { type: "number" }, ["2.5"], 2.5],
    ["an integer", { type: "integer" }, ["7"], 7],
    ["an enumeration", { enum: ["red", "blue"] }, ["blue"], "blue"],
    ["no type at all, given JSON", {}, ['{"a":1}'], { a: 1 }],
    ["no type at all, given words", {}, ["just words"], "just words"],
    ["an array", { type: "array" }, ["[1,2]"], [1, 2]],
    ["an object without properties", { type: "object" }, ['{"x":true}'], { x: true }],
  ])("%s", async (...[, schema, answers, value]) => {
    expect(await answerQuestion({ prompt: "Well?", schema }, person(answers))).toEqual({ kind: "answered", value });
  });

  test("an object is asked property by property, by its descriptions", async () => {
    const someone = person([true, "too late"]);
    const schema = {
      type: "object",
      properties: { approved: { type: "boolean" }, reason: { type: "string", description: "why" } },
    };
    const answer = await answerQuestion({ prompt: "Refund?", schema }, someone);
    expect(answer).toEqual({ kind: "answered", value: { approved: true, reason: "too late" } });
    expect(someone.asked).toEqual(["Refund? [approved]", "Refund? [why]"]);
  });

  test("an input that ends gives no answer, half an object neither", async () => {
    expect(await answerQuestion({ prompt: "?", schema: { type: "string" } }, person([]))).toEqual({
      kind: "no-answer",
    });
    const schema = { type: "object", properties: { a: { type: "string" }, b: { type: "string" } } };
    expect(await answerQuestion({ prompt: "?", schema }, person(["one"]))).toEqual({ kind: "no-answer" });
  });
});
