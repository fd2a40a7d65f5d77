import { describe, expect, it } from "vitest";
import { extractCodeBlocks } from "./extract-code-blocks.ts";
import { extractJson } from "./extract-json.ts";

const languages = ["js", "python"];

function codesOf(markdown: string): readonly string[] {
  return extractCodeBlocks(markdown, languages).map((block) => `${block.language}|${block.code}`);
}

describe("extractCodeBlocks", () => {
  it.each([
    ["one block among text", "Text\n```js\nconst a = 1;\n```\nmore", ["js|const a = 1;"]],
    ["several, in order", "```python\na\n```\nand\n```js\nb\n```", ["python|a", "js|b"]],
    ["any case, in lower case", "```JS\na\n```", ["js|a"]],
    ["blanks before and after the language", "``` js \na\n```", ["js|a"]],
    ["words after the language", '```js title="x.js"\na\n```', ["js|a"]],
    ["an empty block", "```js\n```", ["js|"]],
    ["Windows line ends", "```js\r\na\r\nb\r\n```\r\n", ["js|a\nb"]],
    [
      "a block in a list item, without its indent",
      "1. Run\n   ```js\n   if (a) {\n     b\n   }\n   ```",
      ["js|if (a) {\n  b\n}"],
    ],
    ["tildes", "~~~js\na\n~~~", ["js|a"]],
    ["longer fences around shorter ones", "````js\nconst t = `\n```\n`;\n````", ["js|const t = `\n```\n`;"]],
    ["backticks inside a line of the program", "```js\nprint('```')\n```", ["js|print('```')"]],
  ])("takes %s", (_what, markdown, expected) => {
    expect(codesOf(markdown)).toEqual(expected);
  });

  it.each([
    ["no language", "```\na\n```"],
    ["another language", "```sh\nrm\n```"],
    ["a block cut off before its end", "```js\nlet a ="],
    ["inline code", "use ```js a``` here"],
    ["a block quoted inside another block", "```markdown\n~~~js\na\n~~~\n```"],
    ["a language that only begins alike", "```json\n{}\n```"],
  ])("leaves out %s", (_what, markdown) => {
    expect(codesOf(markdown)).toEqual([]);
  });

  it("reads a long answer in linear time", () => {
    const markdown = `${"` ".repeat(200_000)}\n${"```js\na\n```\n".repeat(20_000)}`;
    const start = performance.now();
    expect(extractCodeBlocks(markdown, languages).length).toBe(20_000);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe("extractJson (row 85)", () => {
  it.each([
    ["whole text without fences", ' {"a": 1} ', [{ a: 1 }]],
    ["a block without tag", "See:\n```\n[1, 2]\n```", [[1, 2]]],
    [
      "tagged blocks, several, any case",
      '```json\n{"a":1}\n```\nand\n```JSON\n{"b":null}\n```',
      [{ a: 1 }, { b: null }],
    ],
  ])("reads %s", (_what, text, expected) => {
    expect(extractJson(text)).toEqual(expected);
  });

  it.each([
    ["another tag", "```yaml\na: 1\n```", /tagged "yaml"/],
    ["one bad block among good ones", '```json\n{"a":1}\n```\n```js\n1\n```', /Block 2 .*tagged "js"/],
    ["text that is not JSON", "the answer is 4", /The text is not JSON/],
    ["a block that is not JSON", "```json\n{a: 1}\n```", /Block 1 of the text is not JSON/],
    ["a block that is cut off", '```json\n{"a": 1}', /cut off/],
    ["an empty text", "", /not JSON/],
  ])("refuses %s", (_what, text, message) => {
    expect(() => extractJson(text)).toThrow(message);
    expect(() => extractJson(text)).toThrow(expect.objectContaining({ code: "serialization.invalid_json" }));
  });
});
