import type { Memory, MemoryItem } from "../memory/memory.ts";

/** What the suite needs from its host. */
export interface MemoryContractEnvironment {
  /** A memory that holds nothing, of which the host closes what it opened for it. */
  readonly createMemory: () => Promise<Memory>;
}

/** One case of a contract suite; register it with any test framework. It throws when the contract is broken. */
export interface MemoryContractCase {
  readonly name: string;
  run(environment: MemoryContractEnvironment): Promise<void>;
}

const picture: MemoryItem = {
  content: { kind: "file", mediaType: "image/png", data: "iVBORw0KGgo=" },
  metadata: { about: "kettle" },
};

/** What every `Memory` must keep, as cases that need no test framework. Items that a query is to find share its words. */
export const memoryContract: readonly MemoryContractCase[] = [
  contractCase("finds what was added, by its words", async (memory) => {
    await memory.add("The kettle is green. Grüße 😀");
    const [found] = await memory.query("What colour is the kettle?");
    equal(found?.content, { kind: "text", text: "The kettle is green. Grüße 😀" }, "content");
  }),
  contractCase("keeps data and notes as they are", async (memory) => {
    const item: MemoryItem = {
      content: { kind: "json", value: { kettle: "green", sizes: [1, null] } },
      metadata: { source: "shop", checked: true },
    };
    await memory.add(item);
    const [found] = await memory.query("kettle green");
    equal(found?.content, item.content, "content");
    equal(found?.metadata?.["source"], "shop", "metadata");
  }),
  contractCase("keeps images, or says that it does not", async (memory) => {
    const refused = await failureOf(memory.add(picture));
    if (refused !== undefined) return;
    const found = await memory.query("kettle");
    if (found.length > 0) equal(found[0]?.content, picture.content, "content");
  }),
  contractCase("gives plain JSON", async (memory) => {
    await memory.add("The kettle is green.");
    const found = await memory.query("kettle");
    equal(JSON.parse(JSON.stringify(found)), found, "items");
  }),
  contractCase("gives no more than it is asked for", async (memory) => {
    for (const colour of ["green", "red", "blue"]) await memory.add(`There is a kettle, and it is ${colour}.`);
    const found = await memory.query("Which colours do the kettles have?", { limit: 2 });
    check(found.length <= 2, `${found.length} items for a limit of 2`);
    check((await memory.query("kettle", { limit: 1 })).length === 1, "a limit of 1 finds nothing");
  }),
  contractCase("is not changed by a query", async (memory) => {
    await memory.add("The kettle is green.");
    const first = await memory.query("kettle");
    equal(await memory.query("kettle"), first, "the second answer");
  }),
  contractCase("answers with nothing when it holds nothing, and to no words", async (memory) => {
    equal(await memory.query("kettle"), [], "items");
    equal(await memory.query(""), [], "items for no words");
  }),
  contractCase("forgets everything", async (memory) => {
    await memory.add("The kettle is green.");
    await memory.clear();
    equal(await memory.query("kettle"), [], "items");
    await memory.add("The kettle is red.");
    equal((await memory.query("kettle")).length, 1, "items after the memory was used again");
  }),
  contractCase("takes and answers many at once", async (memory) => {
    const colours = ["green", "red", "blue", "white"];
    await Promise.all(colours.map((colour) => memory.add(`The ${colour} kettle boils.`)));
    const answers = await Promise.all(colours.map((colour) => memory.query(`the ${colour} kettle`)));
    answers.forEach((items, index) => {
      const texts = items.map(({ content }) => (content.kind === "text" ? content.text : ""));
      check(texts.includes(`The ${colours[index] ?? ""} kettle boils.`), `"${colours[index] ?? ""}" is not found`);
    });
  }),
  contractCase("refuses aborted calls with the signal's own reason, and adds nothing", async (memory) => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    equal(await failureOf(memory.add("The kettle is green.", { signal })), reason, "what add throws");
    equal(await failureOf(memory.query("kettle", { signal })), reason, "what query throws");
    equal(await memory.query("kettle"), [], "items");
  }),
  contractCase("closes twice", async (memory) => {
    await memory.close();
    await memory.close();
  }),
];

function contractCase(name: string, verify: (memory: Memory) => Promise<void>): MemoryContractCase {
  return {
    name,
    run: async ({ createMemory }) => {
      const memory = await createMemory();
      try {
        await verify(memory);
      } finally {
        await memory.close();
      }
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

function equal(actual: unknown, expected: unknown, what: string): void {
  const isError = actual instanceof Error || expected instanceof Error;
  const same = actual === expected || (!isError && JSON.stringify(actual) === JSON.stringify(expected));
  check(same, `${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

function check(isKept: boolean, problem: string): void {
  if (!isKept) throw new Error(problem);
}
