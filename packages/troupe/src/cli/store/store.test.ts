import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { locatePostgres } from "./open-store.ts";
import { chooseStore, describeStore, parseStoreSpec, repeatStoreOption } from "./store-spec.ts";

describe("the store that a command uses", () => {
  test("is the one named, else the variable's, else the project's", () => {
    expect(chooseStore("memory", { TROUPE_STORE: "sqlite:other.db" })).toEqual({ kind: "memory" });
    expect(chooseStore(undefined, { TROUPE_STORE: "sqlite:other.db" })).toEqual({ kind: "sqlite", path: "other.db" });
    expect(chooseStore(undefined, { TROUPE_STORE: "" })).toEqual({ kind: "sqlite", path: ".troupe/runs.db" });
    expect(chooseStore(undefined, {})).toEqual({ kind: "sqlite", path: ".troupe/runs.db" });
  });

  test.each([
    ["memory", { kind: "memory" }],
    ["sqlite:data/runs.db", { kind: "sqlite", path: "data/runs.db" }],
    ["sqlite:C:\\runs.db", { kind: "sqlite", path: "C:\\runs.db" }],
    ["postgres://u:p@h:5432/d", { kind: "postgres", url: "postgres://u:p@h:5432/d" }],
    ["postgresql://h/d", { kind: "postgres", url: "postgresql://h/d" }],
    ["postgres:postgresql://h/d", { kind: "postgres", url: "postgresql://h/d" }],
  ])("%s is read", (text, spec) => expect(parseStoreSpec(text)).toEqual(spec));

  test.each(["", "runs.db", "sqlite:", "mysql://root:hunter2@h/d"])("%j is refused, and not repeated", (text) => {
    const refusal = expect.objectContaining({
      code: "config.invalid_option",
      message: expect.not.stringContaining("hunter2") as unknown,
    }) as Error;
    expect(() => parseStoreSpec(text)).toThrow(refusal);
  });

  test("is shown without its password", () => {
    expect(describeStore(parseStoreSpec("postgres://ada:hunter2@db.local/troupe?sslpassword=x"))).toBe(
      "postgres://ada@db.local/troupe",
    );
    expect(describeStore({ kind: "sqlite", path: "a.db" })).toBe("a.db");
  });

  test("is repeated in a command to copy only where that command would use another one", () => {
    const own = chooseStore(undefined, {});
    expect(repeatStoreOption(own, {})).toBe("");
    expect(repeatStoreOption(own, { TROUPE_STORE: "memory" })).toBe(" --store sqlite:.troupe/runs.db");
    expect(repeatStoreOption(parseStoreSpec("sqlite:x.db"), {})).toBe(" --store sqlite:x.db");
    expect(repeatStoreOption(parseStoreSpec("postgres://u:p@h/d"), {})).toBe("");
  });
});

test("PostgreSQL without its package names the line that installs it", () => {
  const empty = mkdtempSync(join(tmpdir(), "troupe-no-package-"));
  try {
    expect(() => locatePostgres([join(empty, "package.json")])).toThrow(
      expect.objectContaining({
        code: "config.missing_package",
        remedy: "Run: npm install @troupe/postgres",
      }) as Error,
    );
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
});
