import { describe, expect, it } from "vitest";
import { memoryContract } from "../testing/memory-contract.ts";
import { ListMemory } from "./list-memory.ts";
import type { Memory, MemoryItem } from "./memory.ts";
import { memoryText } from "./memory-text.ts";

const picture: MemoryItem = {
  content: { kind: "file", mediaType: "image/png", data: "iVBORw0=" },
  metadata: { by: "ada" },
};

describe("ListMemory (row 84)", () => {
  it.each(memoryContract.map((contractCase) => [contractCase.name, contractCase] as const))(
    "keeps the contract: %s",
    async (_name, contractCase) => {
      await contractCase.run({ createMemory: async () => new ListMemory() });
    },
  );

  it("the contract finds out memories that break it", async () => {
    const broken: readonly [string, (memory: ListMemory) => Partial<Memory>][] = [
      ["gives no more than it is asked for", (memory) => ({ query: (words) => memory.query(words) })],
      ["forgets everything", () => ({ clear: () => Promise.resolve() })],
      ["finds what was added, by its words", () => ({ add: () => Promise.resolve() })],
      [
        "refuses aborted calls with the signal's own reason, and adds nothing",
        (memory) => ({ add: (item) => memory.add(item) }),
      ],
    ];
    for (const [name, breakIt] of broken) {
      const contractCase = memoryContract.find((candidate) => candidate.name === name);
      const createMemory = async (): Promise<Memory> => {
        const memory = new ListMemory();
        const whole: Memory = {
          kind: "memory",
          name: "broken",
          add: (item, options) => memory.add(item, options),
          query: (words, options) => memory.query(words, options),
          clear: () => memory.clear(),
          close: () => memory.close(),
        };
        return { ...whole, ...breakIt(memory) };
      };
      await expect(contractCase?.run({ createMemory }), name).rejects.toThrow();
    }
  });

  it("gives all it holds, oldest first, whatever the words", async () => {
    const memory = new ListMemory({ items: ["likes tea"] });
    await memory.add({ content: { kind: "json", value: { city: "Lisbon" } } });
    expect(await memory.query("anything")).toEqual([
      { content: { kind: "text", text: "likes tea" } },
      { content: { kind: "json", value: { city: "Lisbon" } } },
    ]);
    await memory.clear();
    expect(await memory.query("anything")).toEqual([]);
  });

  it("gives the newest items within a limit, in the order in which they came", async () => {
    const memory = new ListMemory({ items: ["a", "b", "c"] });
    expect((await memory.query("", { limit: 2 })).map((item) => item.content)).toEqual([
      { kind: "text", text: "b" },
      { kind: "text", text: "c" },
    ]);
    await expect(memory.query("", { limit: 0 })).rejects.toMatchObject({ code: "config.invalid_option" });
  });

  it("keeps images and notes through JSON", async () => {
    const memory = new ListMemory({ items: [picture] });
    const restored = new ListMemory({ items: JSON.parse(JSON.stringify(memory.items)) });
    expect(await restored.query("")).toEqual([picture]);
  });

  it("does not change when what was added changes", async () => {
    const value = { city: "Lisbon" };
    const memory = new ListMemory();
    await memory.add({ content: { kind: "json", value } });
    value.city = "Porto";
    expect(memory.items[0]?.content).toEqual({ kind: "json", value: { city: "Lisbon" } });
  });

  it("refuses an aborted call with the signal's own reason, and remembers after close", async () => {
    const memory = new ListMemory();
    const signal = AbortSignal.abort("enough");
    await expect(memory.add("x", { signal })).rejects.toBe("enough");
    await expect(memory.query("x", { signal })).rejects.toBe("enough");
    expect(memory.items).toEqual([]);
    await memory.close();
    await memory.close();
    await memory.add("y");
    expect(memory.items).toHaveLength(1);
  });
});

describe("memoryText", () => {
  it("numbers what a model can read and names the rest", () => {
    expect(memoryText([])).toBeUndefined();
    expect(
      memoryText([
        { content: { kind: "text", text: "likes tea" } },
        { content: { kind: "json", value: { a: 1 } } },
        picture,
      ]),
    ).toBe('What is remembered and may help here:\n1. likes tea\n2. {"a":1}\n3. [image/png]');
  });
});
