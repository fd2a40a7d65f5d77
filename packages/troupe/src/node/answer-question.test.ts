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
      required: ["approved", "reason"],
    };
    const answer = await answerQuestion({ prompt: "Refund?", schema }, someone);
    expect(answer).toEqual({ kind: "answered", value: { approved: true, reason: "too late" } });
    expect(someone.asked).toEqual(["Refund? [approved]", "Refund? [why]"]);
  });

  test("an empty line leaves out words that are not required, and keeps those that are", async () => {
    const properties = { approved: { type: "boolean" }, reason: { type: "string" } };
    const schema = { type: "object", properties, required: ["approved"] };
    const someone = person([true, ""]);
    const answer = await answerQuestion({ prompt: "Refund?", schema }, someone);
    expect(answer).toEqual({ kind: "answered", value: { approved: true } });
    expect(someone.asked.at(-1)).toBe("Refund? [reason; Enter to skip]");
    const strict = { type: "object", properties, required: ["approved", "reason"] };
    expect(await answerQuestion({ prompt: "Refund?", schema: strict }, person([true, ""]))).toEqual({
      kind: "answered",
      value: { approved: true, reason: "" },
    });
  });

  test("an input that ends gives no answer, half an object neither", async () => {
    expect(await answerQuestion({ prompt: "?", schema: { type: "string" } }, person([]))).toEqual({
      kind: "no-answer",
    });
    const schema = { type: "object", properties: { a: { type: "string" }, b: { type: "string" } } };
    expect(await answerQuestion({ prompt: "?", schema }, person(["one"]))).toEqual({ kind: "no-answer" });
  });
});
