import { describe, expect, it } from "vitest";
import { watcherName, watchPromises } from "./watch-promises.ts";

/** The watched form, with a short name for the watcher. */
function watched(code: string, isModule = false): string {
  return watchPromises(code, isModule).code.replaceAll(watcherName, "W");
}

describe("watchPromises", () => {
  it.each([
    ["a call", "async function m() {}\nm();", "async function m() {}\nW(m());"],
    ["an immediately invoked function", "(async () => { f() })()", "W((async () => { W(f()) })())"],
    [
      "optional and conditional calls",
      "async () => {}; a?.b(); a && b(); a ? b() : c()",
      "async () => {}; W(a?.b()); W(a && b()); W(a ? b() : c())",
    ],
    ["a discarded operand of void", "Promise; void f()", "Promise; void W(f())"],
    ["a constructor and a dynamic import", "new Promise(f); import('x')", "W(new Promise(f)); W(import('x'))"],
    [
      "single statements of branches and loops",
      "async () => {}; if (a) f(); for (;;) g()",
      "async () => {}; if (a) W(f()); for (;;) W(g())",
    ],
    [
      "a statement without a semicolon",
      "const p = Promise.all([])\nf()\ng()",
      "const p = Promise.all([])\nW(f())\nW(g())",
    ],
    ["module code", "export const a = 1; async () => {}; f()", "export const a = 1; async () => {}; W(f())", true],
  ] as const)("wraps %s", (...[, code, expected, isModule = false]) => {
    expect(watched(code, isModule)).toBe(expected);
    expect(watchPromises(code, isModule).isChanged).toBe(true);
  });

  it.each([
    ["programs without promises", "f(); new F()"],
    ["awaited and assigned calls", "await f(); const p = Promise.resolve(); x = g()"],
    ["directives and super calls", "'use strict'; async () => {}; class A extends B { constructor() { super() } }"],
    ["values of arrow functions and returns", "const f = async () => g(); function h() { return g() }"],
    ["text that looks like code", "const t = `Promise\nf();\n`; // g()"],
    ["programs that do not parse", "async function ( { f();"],
  ])("leaves %s as they are", (_what, code) => {
    expect(watchPromises(code, false)).toEqual({ code, isChanged: false });
  });

  it("keeps every line where it was", () => {
    const code = "async function m() {\n  f();\n\n  g(\n    1,\n  );\n}\nm();\n";
    expect(watched(code).split("\n").length).toBe(code.split("\n").length);
  });
});
