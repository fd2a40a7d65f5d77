import { readdirSync, readFileSync } from "node:fs";
import { TroupeError } from "@troupe/core";
import type { ModelEvent, ModelMessage, ModelRequest } from "@troupe/llm";
import { describe, expect, test } from "vitest";
import { inferRoles } from "../src/demo/stand-in/columns.ts";
import { standInModel } from "../src/demo/stand-in/stand-in-model.ts";
import { describeTable, parseTable } from "../src/demo/table/table.ts";

const folder = new URL("../src/demo/stand-in/", import.meta.url);
const source = readdirSync(folder)
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");
const barley = readFileSync(new URL("../data/barley.csv", import.meta.url), "utf8");

/** Code lines as the house counts them: neither blank nor comment. */
function codeLines(text: string): number {
  const withoutBlocks = text.replace(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*$/gm, "");
  return withoutBlocks.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}

const rolesOf = (csv: string): ReturnType<typeof inferRoles> => inferRoles(describeTable(parseTable("t.csv", csv)));

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (TroupeError.isTroupeError(error) ? error.code : "foreign"),
  );
}

function request(system: string, texts: readonly string[] = [], options: Partial<ModelRequest> = {}): ModelRequest {
  const messages: ModelMessage[] = [
    { role: "system", content: system },
    ...texts.map((text): ModelMessage => ({ role: "user", content: [{ kind: "text", text }] })),
  ];
  return { messages, ...options };
}

describe("the stand-in model", () => {
  test("has at most 300 lines of code, its programs included", () => {
    expect(codeLines(source)).toBeLessThanOrEqual(300);
  });

  test("holds no figure, name or column of the barley table", () => {
    const [head = "", ...lines] = barley.trimEnd().split("\n");
    const cells = new Set([...head.split(","), ...lines.flatMap((line) => line.split(","))]);
    // JavaScript's own keyword, in `yield` and `yield*`: the column of that name may not be a string.
    const text = source.replaceAll(/\byield\*? /g, "");
    for (const cell of cells) {
      const isSmallNumber = /^\d{1,2}$/.test(cell);
      if (!isSmallNumber) expect(text.includes(cell), cell).toBe(false);
    }
    expect(text).not.toMatch(/barley|minnesota/i);
  });

  test("imports nothing but types, estimates and errors: it cannot see the table", () => {
    const imports = [...source.matchAll(/from "([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(imports.filter((name) => !name?.startsWith("./")))).toEqual(
      new Set(["@troupe/core", "@troupe/llm"]),
    );
  });

  test.each([
    ["a role it does not play", request("You are the cook.", ["hello"])],
    ["a conversation without a table", request("You are the analyst.", ["hello"])],
    [
      "a table without a number column",
      request("You are the analyst.", [describeTable(parseTable("t.csv", "a,b\nx,y\nz,w\n"))]),
    ],
  ])("refuses %s with a typed error", async (_name, asked) => {
    expect(await codeOf(standInModel().generate(asked))).toBe("model.stand_in_cannot");
  });

  test("streams what it generates, estimates marked", async () => {
    const asked = request("You are the analyst.", [describeTable(parseTable("t.csv", barley))]);
    const result = await standInModel().generate(asked);
    const events: ModelEvent[] = [];
    for await (const event of standInModel().stream(asked)) events.push(event);
    const deltas = events.flatMap((event) => (event.kind === "text-delta" ? [event.delta] : []));
    const text = result.content.flatMap((part) => (part.kind === "text" ? [part.text] : [])).join("");
    expect(deltas.join("")).toBe(text);
    expect(events.at(-1)).toEqual({ kind: "finish", result });
    expect(result.usage.estimated).toBe(true);
    expect(text).toContain("```javascript\n");
  });

  test("ends with the signal's own reason after an abort", async () => {
    const reason = new Error("enough");
    const asked = request("You are the analyst.", [], { signal: AbortSignal.abort(reason) });
    await expect(standInModel().generate(asked)).rejects.toBe(reason);
  });

  test("calls whatever tool takes a program, by the name of its property", async () => {
    const texts = [
      describeTable(parseTable("t.csv", barley)),
      'RESULT {"kind":"change","ends":["1","2"],"skipped":0,"all":{"rows":2,"before":1,"after":2},"others":[]}',
    ];
    const tools = [
      { name: "clock", description: "", inputSchema: { type: "object", properties: { zone: { type: "string" } } } },
      {
        name: "evaluate",
        description: "",
        inputSchema: { type: "object", properties: { script: { type: "string" } } },
      },
    ];
    const result = await standInModel().generate(request("You are the reviewer.", texts, { tools }));
    const [call] = result.content;
    expect(call?.kind === "tool-call" && call.toolName).toBe("evaluate");
    expect(await codeOf(standInModel().generate(request("You are the reviewer.", texts)))).toBe(
      "model.stand_in_cannot",
    );
  });
});

describe("column roles are inferred from the description", () => {
  test("the barley table: a measure, an axis of two values, two grouping columns", () => {
    expect(rolesOf(barley)).toEqual({
      file: "t.csv",
      separator: ",",
      measure: "yield",
      axis: "year",
      groups: ["variety", "site"],
    });
  });

  test("an identifier is not a measure, and a text column of two values can be the axis", () => {
    const rows = Array.from(
      { length: 12 },
      (_, index) => `${index + 1},${index % 2 === 0 ? "old" : "new"},${index % 3},${(index * 7) % 5}.5`,
    );
    expect(rolesOf(["id,plan,shop,sales", ...rows].join("\n"))).toMatchObject({
      measure: "sales",
      axis: "plan",
      groups: ["shop"],
    });
  });

  test("without a column of two values the shortest column of whole numbers is compared", () => {
    const rows = Array.from(
      { length: 12 },
      (_, index) => `${2000 + (index % 4)},${index * 1.5},${index % 3 === 0 ? "a" : index % 3 === 1 ? "b" : "c"}`,
    );
    expect(rolesOf(["year,price,town", ...rows].join("\n"))).toMatchObject({
      measure: "price",
      axis: "year",
      groups: ["town"],
    });
  });
});
