import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkAnswer } from "./check-answer.ts";

const Order = z.object({
  id: z.int(),
  customer: z.string(),
  items: z.array(z.object({ name: z.string(), count: z.int() })),
});
const order = {
  id: 7,
  customer: "Ada",
  items: [
    { name: "pen", count: 2 },
    { name: "ink", count: 1 },
  ],
};
const whole = JSON.stringify(order);
const pretty = JSON.stringify(order, null, 2);
const other = JSON.stringify({ ...order, id: 8 });

describe("an answer that means one value", () => {
  it.each([
    ["as it is", whole],
    ["with blanks around", `\n\n  ${pretty}  \n`],
    ["in a fence", `\`\`\`json\n${pretty}\n\`\`\``],
    ["in a fence without a tag", `\`\`\`\n${whole}\n\`\`\``],
    ["in a fence with CRLF", `\`\`\`JSON\r\n${whole}\r\n\`\`\`\r\n`],
    ["in a fence that is not closed", `Here:\n\`\`\`json\n${whole}`],
    ["in tildes", `~~~json\n${whole}\n~~~`],
    ["in a fence with words around", `Sure! Here is the order:\n\n\`\`\`json\n${pretty}\n\`\`\`\n\nAnything else?`],
    ["between words", `The order is ${whole}. Enjoy!`],
    ["behind words with brackets", `As asked [see above], the order {so to say} is: ${whole}`],
    ["behind an empty object", `Not {} but ${whole}`],
    ["twice the same", `${whole}\n\nAgain: ${pretty}`],
    ["written as a string", JSON.stringify(whole)],
    ["behind a thought", `<think>Maybe ${other}? No.</think>\n${whole}`],
    [
      "with commas too much",
      '{"id":7,"customer":"Ada","items":[{"name":"pen","count":2,},{"name":"ink","count":1},],}',
    ],
    [
      "with single quotes",
      "{'id': 7, 'customer': 'Ada', 'items': [{'name': 'pen', 'count': 2}, {'name': 'ink', 'count': 1}]}",
    ],
    [
      "with comments",
      `{"id":7, // the number\n"customer":"Ada",/* both */"items":[{"name":"pen","count":2},{"name":"ink","count":1}]}`,
    ],
    ["with keys without quotes", '{id:7,customer:"Ada",items:[{name:"pen",count:2},{name:"ink",count:1}]}'],
    ["beside code of another language", `\`\`\`js\nsend({ id: 1 })\n\`\`\`\n${whole}`],
  ])("counts: %s", (_what, text) => {
    expect(checkAnswer(Order, text)).toMatchObject({ kind: "valid", value: order, data: order });
  });

  it("keeps the model's own text when it is nothing but JSON", () => {
    expect(checkAnswer(Order, `${pretty}\n`)).toMatchObject({ text: pretty });
    expect(checkAnswer(Order, `Here: ${pretty}`)).toMatchObject({ text: whole });
  });
});

describe("an answer that leaves a doubt", () => {
  it.each([
    ["nothing", ""],
    ["words", "I cannot do that."],
    ["two different values", `${whole}\n${other}`],
    ["two different fences", `\`\`\`json\n${whole}\n\`\`\`\nor\n\`\`\`json\n${other}\n\`\`\``],
    ["a draft in words and a fence that is broken", `First ${other}, then\n\`\`\`json\n{"id":\n\`\`\``],
    ["a thought that never ends", `<think>${whole}`],
    ["a value in something that is cut off", `{"orders":[${whole},${other.slice(0, -9)}`],
    ["a key that is there twice", '{"id":7,"id":8,"customer":"Ada","items":[]}'],
    ["the wrong types", '{"id":"7","customer":"Ada","items":[]}'],
    ["a member too few", '{"id":7,"customer":"Ada"}'],
    ["a value of another form", "[1,2,3]"],
    ["a number that is none", '{"id":NaN,"customer":"Ada","items":[]}'],
    ["an ellipsis", '{"id":7,"customer":"Ada","items":[...]}'],
    ["code of another language", `\`\`\`python\norder = ${whole}\n\`\`\``],
    ["wrapped in something else", `{"order":${whole}}`],
    ["two values in one line", `${whole}${other}`],
  ])("is a problem: %s", (_what, text) => {
    const checked = checkAnswer(Order, text);
    expect(checked.kind).toBe("invalid");
    if (checked.kind === "invalid") expect(checked.problem.length).toBeGreaterThan(10);
  });

  it("is never completed when the provider says that it was cut off", () => {
    expect(checkAnswer(Order, `Draft: ${whole}. But better`, { isCut: true }).kind).toBe("invalid");
    expect(checkAnswer(Order, whole, { isCut: true }).kind).toBe("valid");
  });
});

const cutOff = fc.nat({ max: pretty.length - 1 }).map((end) => pretty.slice(0, end));
const damaged = fc
  .tuple(
    fc.nat({ max: pretty.length - 1 }),
    fc.nat({ max: 3 }),
    fc.constantFrom("", ",", '"', "}", "]", "{", "x", ":", "\n"),
  )
  .map(([start, count, text]) => pretty.slice(0, start) + text + pretty.slice(start + count));
const inWords = fc.tuple(fc.string(), damaged, fc.string()).map((parts) => parts.join("\n"));

describe("any damage", () => {
  it("gives the order, another order that the text plainly says, or a problem: never a part of one", () => {
    let valid = 0;
    fc.assert(
      fc.property(fc.oneof(cutOff, damaged, inWords), (text) => {
        const checked = checkAnswer(Order, text);
        if (checked.kind === "invalid") return;
        valid += 1;
        // Every value of the outcome is in the text, and the lists are as long as they were meant to be.
        expect(checked.value.items).toHaveLength(2);
        for (const { name, count } of checked.value.items) {
          expect(text).toContain(name);
          expect(text).toContain(String(count));
        }
        expect(text).toContain(checked.value.customer);
      }),
      { numRuns: 3_000 },
    );
    expect(valid).toBeGreaterThan(0);
  });
});
