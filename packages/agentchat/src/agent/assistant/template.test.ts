import { describe, expect, it } from "vitest";
import { parseTemplate } from "./template.ts";

const names = ["result", "is_error"];
const check = { option: "format", names };

describe("parseTemplate", () => {
  it("fills in strings as they are and other values as JSON", () => {
    const template = parseTemplate("{result}|{ is_error }|{{result}}", check);
    expect(template({ result: "a {b}", is_error: true })).toBe("a {b}|true|{result}");
    expect(template({ result: { a: [1] } })).toBe('{"a":[1]}||{result}');
  });

  it("reaches into values, and only into their own fields", () => {
    const template = parseTemplate("{a.b.c}{a.toString}", { option: "format", names: undefined });
    expect(template({ a: { b: { c: 7 } } })).toBe("7");
    expect(template({ a: "text" })).toBe("");
  });

  it.each([
    ["an unknown name", "{rseult}"],
    ["a brace that stands alone", "100 % } of {result}"],
    ["an open brace", "{result} {"],
    ["an empty name", "{}"],
    ["an empty part", "{result.}"],
  ])("refuses %s when it is made", (_what, text) => {
    expect(() => parseTemplate(text, check)).toThrow(expect.objectContaining({ code: "config.invalid_option" }));
    expect(() => parseTemplate(text, check)).toThrow(/^format holds/);
  });
});
