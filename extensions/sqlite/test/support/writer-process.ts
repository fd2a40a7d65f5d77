// A process that writes one file until it is killed: `node writer-process.ts <path> <cell> <owner> [appends per tick] [stop after]`.
// It prints one line for each acknowledged append: its position.
import { argv, stdout } from "node:process";
import { sqliteStore } from "@troupe/sqlite";
import { pause } from "./records.ts";

const [, , path = "", cell = "", owner = "", stopAfter = ""] = argv;
const store = sqliteStore(path);
const { epoch, position } = await store.claim(cell, owner);
const last = stopAfter === "" ? Number.POSITIVE_INFINITY : position + Number(stopAfter);
let next = position;
stdout.write("claimed\n");
while (next < last) {
  next = await store.append(cell, { epoch, position: next }, [pause(next)]);
  stdout.write(`${next}\n`);
}
await store.close();
