import { globSync } from "node:fs";
import { describe, test } from "vitest";

// Forty programs as users write them, each checking its own result. They run here in one process, from source; `npm run check`
// compiles them against the built declarations, within a budget of time and instantiations.
const programs = globSync("*/*.ts", { cwd: import.meta.dirname }).sort();

describe("a typical program keeps its promise:", () => {
  test.each(programs)("%s", async (program) => {
    await import(/* @vite-ignore */ `${import.meta.dirname}/${program}`);
  });
});
