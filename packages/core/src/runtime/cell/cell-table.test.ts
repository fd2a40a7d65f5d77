import { expect, test } from "vitest";
import { KillableStore } from "../../testing/store-faults/killable-store.ts";
import { SharedData } from "../../testing/store-faults/shared-store.ts";
import type { Cell } from "./cell.ts";
import { CellTable } from "./cell-table.ts";

test("O1, O2: a cell that leaves memory while others wait for its opening is opened anew for them, in their order", async () => {
  const store = new KillableStore(new SharedData().open(), () => 1);
  const table = new CellTable({
    parts: () => ({ store, owner: "worker" }),
    opened: () => {},
    lost: () => {},
    stored: undefined,
    closedError: () => new Error("closed"),
  });
  const served: string[] = [];
  const use = (name: string) => (cell: Cell) => {
    served.push(name);
    return { cell, isCurrent: table.get("c") === cell };
  };
  const first = table.with("c", true, (cell) => {
    // As an eviction does, when nothing is to be done in the cell.
    table.remove("c", Promise.resolve());
    return use("first")(cell);
  });
  const others = [table.with("c", true, use("second")), table.with("c", true, use("third"))];
  const [one, two, three] = await Promise.all([first, ...others]);
  expect(served).toEqual(["first", "second", "third"]);
  expect([two?.isCurrent, three?.isCurrent]).toEqual([true, true]);
  expect(two?.cell).not.toBe(one?.cell);
  expect(three?.cell).toBe(two?.cell);
});
