import { wasmExecutor } from "@troupe/wasm-exec";
import { afterAll, describe, expect, it } from "vitest";

const executor = wasmExecutor();
afterAll(() => executor.close());

async function run(code: string, files?: Record<string, string>, language = "js") {
  return await executor.execute([{ code, language }], { files });
}

describe("a program in the sandbox", () => {
  it("does real work on a file", async () => {
    const rows = Array.from({ length: 50_000 }, (_, index) => `${index % 7},${index}`).join("\n");
    const code = `
      const groups = new Map();
      for (const line of files["rows.csv"].trim().split("\\n").slice(1)) {
        const [key, value] = line.split(",").map(Number);
        groups.set(key, (groups.get(key) ?? 0) + value);
      }
      console.log(JSON.stringify([...groups].sort((a, b) => a[0] - b[0])));`;
    const sums = Array.from({ length: 7 }, (_, key) => {
      let sum = 0;
      for (let index = key; index < 50_000; index += 7) sum += index;
      return [key, sum];
    });
    const result = await run(code, { "rows.csv": `key,value\n${rows}\n` });
    expect(result).toMatchObject({ exitCode: 0, output: `${JSON.stringify(sums)}\n` });
  });

  it("prints values as programmers know them", async () => {
    const lines: readonly [string, string][] = [
      ["'a', 1, -0, 10n, true, null, undefined", "a 1 -0 10n true null undefined"],
      ["[1, 'b', [2, [3]], , 4]", "[ 1, 'b', [ 2, [ 3 ] ], <1 empty item>, 4 ]"],
      ["{ a: 1, 'b-c': { d: null }, [Symbol('s')]: 2 }", "{ a: 1, 'b-c': { d: null }, [Symbol(s)]: 2 }"],
      ["new Map([['k', { v: 1 }]]), new Set([1, 'x'])", "Map(1) { 'k' => { v: 1 } } Set(2) { 1, 'x' }"],
      ["class P { x = 1 }, new (class Q { y = 2 })()", "[class P] Q { y: 2 }"],
      [
        "(x) => x, function f() {}, /a/g, new Date(0)",
        "[Function (anonymous)] [Function: f] /a/g 1970-01-01T00:00:00.000Z",
      ],
      ["[\"it's\", 'a\\nb']", "[ 'it\\'s', 'a\\nb' ]"],
      ["new Uint8Array(2), Object.create(null)", "Uint8Array(2) [ 0, 0 ] [Object: null prototype] {}"],
      [
        "'%s is %d, %i, %f, %j, %o, %%', 'x', '4', 4.7, '1.5', { a: 1 }, [1], 'rest'",
        'x is 4, 4, 1.5, {"a":1}, [ 1 ], % rest',
      ],
      ["{ get a() { throw 1 }, set b(v) {} }", "{ a: [Getter], b: [Setter] }"],
      ["(() => { const a = { n: 1 }; a.self = a; return a })()", "{ n: 1, self: [Circular] }"],
      [
        "Array.from({ length: 102 }, () => 0).length, { a: { b: { c: { d: { e: { f: 1 } } } } } }",
        "102 { a: { b: { c: { d: { e: [Object] } } } } }",
      ],
    ];
    const result = await run(lines.map(([code]) => `console.log(${code})`).join("\n"));
    expect(
      result.output
        .replaceAll(/\n {2,}/g, " ")
        .replaceAll("\n}", " }")
        .trimEnd()
        .split("\n"),
    ).toEqual(lines.map(([, text]) => text));
  });

  it("prints tables, groups, counts and failed assertions", async () => {
    const code =
      "console.table([{ a: 1, b: 'x' }, { a: 22 }]); console.group('G'); console.log('in\\nside'); console.groupEnd(); console.count(); console.count(); console.assert(1 > 2, 'math')";
    expect((await run(code)).output).toBe(
      "(index) | a  | b\n--------|----|--\n0       | 1  | x\n1       | 22 |\nG\n  in\n  side\ndefault: 1\ndefault: 2\nAssertion failed: math\n",
    );
  });

  it("survives values that resist printing", async () => {
    const code = `
      console.log(new Proxy({}, { ownKeys() { throw new Error("no") }, getPrototypeOf() { throw new Error("no") } }));
      console.log({ [Symbol.toPrimitive]() { throw 1 } }, Object.assign(() => {}, { toString() { throw 1 } }));
      console.log("still here");`;
    const result = await run(code);
    expect(result.exitCode).toBe(0);
    expect(result.output).toMatch(/cannot be shown[\s\S]*still here\n$/);
  });

  it("program 2: waits for promises, top-level await and every microtask", async () => {
    const code = `
      const later = async (n) => { for (let i = 0; i < n; i++) await null; return n; };
      console.log(await Promise.all([later(3), later(1)]));
      later(500).then((n) => console.log("then", n));`;
    expect((await run(code)).output).toBe("[ 3, 1 ]\nthen 500\n");
  });

  it.each([
    [
      "a thrown error",
      "let a = 1;\n\nfunction f() {\n  missing(a);\n}\nf();",
      [
        "Uncaught ReferenceError: 'missing' is not defined",
        "  program.js:4 | missing(a);",
        "at f (program.js:4:",
        "at <program> (program.js:6:",
      ],
    ],
    ["a syntax error", "let a = 1;\nlet b = ;", ["Uncaught SyntaxError: ", "  program.js:2 | let b = ;"]],
    [
      "a rejected top-level await",
      "await null;\nawait Promise.reject(new RangeError('far'));",
      ["Uncaught RangeError: far", "program.js:2 |"],
    ],
    [
      "an async main that fails",
      "async function main() {\n  await null;\n  throw new TypeError('bad');\n}\nmain();",
      ["Uncaught (in promise) TypeError: bad", "  program.js:3 | throw new TypeError('bad');"],
    ],
    [
      "a cause",
      "throw new Error('outer', { cause: new Error('inner') })",
      ["Uncaught Error: outer", "Caused by Error: inner"],
    ],
    ["a thrown value", "throw { code: 7 }", ["Uncaught { code: 7 }"]],
    ["a thrown null", "throw null", ["Uncaught null"]],
    [
      "an error that resists",
      "throw Object.defineProperty(new Error('x'), 'message', { get() { throw 1 } })",
      ["Uncaught an error that cannot be shown"],
    ],
    ["a promise nobody settles", "await new Promise(() => {})", ["waits for a promise that nothing will settle"]],
    ["endless recursion", "function f() { return f() + 1 }\nf()", ["Uncaught InternalError: stack overflow", "more"]],
  ])("ends with 1 and words %s so that a model can repair it", async (_what, code, parts) => {
    const result = await run(code);
    expect(result.exitCode).toBe(1);
    for (const part of parts) expect(result.output).toContain(part);
    expect(result.output).not.toMatch(/node:|file:|sandbox:|worker/);
  });

  it.each([
    [
      "a call before other statements",
      "async function main() {\n  throw new Error('lost');\n}\nmain();\nconsole.log('on');",
      2,
    ],
    [
      "an immediately invoked function",
      "(async () => {\n  await null;\n  throw new Error('lost');\n})()\nconsole.log('on')",
      3,
    ],
    ["a promise constructor", "new Promise((_, reject) => reject(new Error('lost')));\nconsole.log('on')", 1],
    ["a chain without a catch", "Promise.resolve(1).then(() => { throw new Error('lost') });\nconsole.log('on')", 1],
    [
      "a call inside a function",
      "const f = async () => { throw new Error('lost') };\nfunction go() { if (true) f(); void f() }\ngo();\nconsole.log('on')",
      1,
    ],
    ["a list of promises", "[1, 2].map(async (n) => { throw new Error('lost') });\nconsole.log('on')", 1],
  ])("sees a rejection that nobody handles: %s", async (_what, code, line) => {
    const result = await run(code);
    expect(result.exitCode).toBe(1);
    expect(result.output).toMatch(/^on\n[^]*Uncaught \(in promise\) Error: lost\n/);
    expect(result.output).toContain(`program.js:${line} |`);
    expect(result.output).not.toContain("__troupe");
  });

  it("takes handled rejections for handled, and leaves results and errors of watched programs as they are", async () => {
    const code = `
      async function fail() { throw new Error("seen") }
      fail().catch((error) => console.log("caught", error.message));
      try { await fail() } catch (error) { console.log("awaited", error.message) }
      const kept = fail(); await Promise.allSettled([kept]);
      class Base { constructor() { this.n = 1 } } class Derived extends Base { constructor() { super(); this.m = 2 } }
      new Derived() && console.log(new Derived());
      var x; eval("x = 5"); console.log(x, [1].map((n) => n + 1));`;
    expect((await run(code)).output).toBe("caught seen\nawaited seen\nDerived { n: 1, m: 2 }\n5 [ 2 ]\n");
  });

  it("names the block of an error when there are several, and shares globals between them", async () => {
    const result = await executor.execute([
      { code: "const a = 1; let b = 2; function f() { return a + b }", language: "js" },
      { code: "console.log(f(), a)", language: "JavaScript" },
      { code: "\nboom()", language: "mjs" },
    ]);
    expect(result.output).toContain("3 1\nUncaught ReferenceError: 'boom' is not defined\n  block-3.js:2 | boom()\n");
  });

  it("runs TypeScript by removing the types, and explains what cannot be removed", async () => {
    const good = await run(
      "interface P { n: number }\nconst p: P = { n: 1 };\nconsole.log(p.n satisfies number)",
      undefined,
      "ts",
    );
    expect(good).toMatchObject({ exitCode: 0, output: "1\n" });
    expect((await run("const n: number = 1;\nboom(n)", undefined, "typescript")).output).toContain(
      "program.js:2 | boom(n)",
    );
    const bad = await run("enum Color { Red }", undefined, "ts");
    expect(bad.exitCode).toBe(1);
    expect(bad.output).toContain("Uncaught SyntaxError: TypeScript enum is not supported");
  });

  it.each([
    ["require", "const fs = require('fs')"],
    ["fetch", "await fetch('https://x.example')"],
    ["setTimeout", "setTimeout(() => {}, 1)"],
    ["a static import", "import fs from 'node:fs'\nconsole.log(fs)"],
    ["a dynamic import", "await import('node:fs')"],
  ])("refuses %s and says what is there instead", async (_what, code) => {
    const result = await run(code, { "data.csv": "x" });
    expect(result.exitCode).toBe(1);
    expect(result.output).toMatch(/is not available in this sandbox: no modules, no network, no disk/);
  });

  it("lists the files there are when one is missing", async () => {
    const result = await run("readFile('b.csv')", { "a.csv": "" });
    expect(result.output).toContain(
      'There is no file "b.csv". Available: standard JavaScript, console.log, readFile(name) and files[name] for "a.csv".',
    );
    expect(
      (await run("console.log(files['toString'], 'a.csv' in files, Object.keys(files))", { "a.csv": "" })).output,
    ).toBe("undefined true [ 'a.csv' ]\n");
  });

  it("hints at host objects that are missing", async () => {
    expect((await run("process.exit(3)")).output).toContain('This sandbox has no "process"');
  });
});
