// A process of its own with a store: claims a cell, writes one record, says so, and then does what it is told.
import { setTimeout as pause } from "node:timers/promises";
import { postgresStore } from "@troupe/postgres";

const [connectionString = "", schema = "", cell = "", ending = ""] = process.argv.slice(2);
const store = postgresStore({ connectionString, schema });
const { epoch, position: start } = await store.claim(cell, "child");
let position = start;

async function append(): Promise<void> {
  const record = { kind: "control", at: 1, runId: "run", action: "pause", detail: position } as const;
  position = await store.append(cell, { epoch, position }, [record]);
}

await append();
store.watch(() => {});
console.log("ready");
// "leave": the program is over, and forgets the store. "stay": until somebody kills it. "write": until it is told that it is dead.
if (ending === "stay") setInterval(() => {}, 1_000);
if (ending === "write") {
  try {
    for (;;) {
      await append();
      await pause(5);
    }
  } catch (error) {
    console.log(error instanceof Error && "code" in error ? error.code : error);
    await store.close();
  }
}
