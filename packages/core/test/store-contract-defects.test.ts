import {
  type ContractSubject,
  runContract,
  SharedData,
  storeContract,
  type StoreEnvironment,
} from "@troupe/core/testing";
import { describe, expect, test } from "vitest";
import { type Defect, storeDefects } from "./support/store-defects.ts";

function subjectOf({ open }: Defect): ContractSubject<StoreEnvironment> {
  return {
    create: () => {
      const data = new SharedData();
      return { store: open(data), open: () => open(data), expire: (owner) => data.expire(owner) };
    },
  };
}

describe("the store contract finds a store that", () => {
  for (const [name, defect] of Object.entries(storeDefects)) {
    test(`${name}`, async () => {
      const found = storeContract.filter((contractCase) => contractCase.name === defect.foundBy);
      expect(found).toHaveLength(1);
      const report = await runContract(found, subjectOf(defect));
      expect(report.results.map((result) => result.status)).toEqual(["failed"]);
      for (const result of report.results)
        if (result.status === "failed")
          expect(result.error).toHaveProperty("name", expect.stringMatching(/^(ContractViolation|StoreError)$/));
    });
  }

  test("keeps a large string as often as it is stored", async () => {
    const name =
      "a string of more than 256 KiB that is stored again takes no room again, and goes with the last that holds it";
    const cases = storeContract.filter((contractCase) => contractCase.name === name);
    const create = (): StoreEnvironment => {
      const data = new SharedData();
      const storedBytes = (): number =>
        data.memory.cells().reduce((sum, { cell }) => sum + JSON.stringify(data.memory.read(cell)).length, 0);
      return { store: data.open(), storedBytes };
    };
    const report = await runContract(cases, { create });
    expect(report).toMatchObject({ passed: 0, failed: 1 });
  });
});
