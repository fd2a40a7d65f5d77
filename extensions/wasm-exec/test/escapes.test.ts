import { wasmExecutor } from "@troupe/wasm-exec";
import { afterAll, describe, expect, it } from "vitest";

const executor = wasmExecutor({ memoryBytes: 64 * 1_048_576 });
afterAll(() => executor.close());

async function run(code: string, timeoutMs = 10_000) {
  return await executor.execute([{ code, language: "js" }], { timeoutMs, files: { "a.txt": "secret of a" } });
}

describe("a hostile program", () => {
  it.each([
    [
      "the Function constructor",
      "const g = console.log.constructor.constructor('return globalThis')(); console.log(typeof g.process, typeof g.Deno, typeof g.Bun)",
    ],
    [
      "constructors of host functions",
      "const F = Object.getPrototypeOf(readFile).constructor; console.log(F('return typeof process')(), F('return typeof global')(), F('return typeof WebAssembly')())",
    ],
    [
      "eval",
      "console.log((0, eval)('typeof process'), eval('typeof global'), new Function('return typeof XMLHttpRequest')())",
    ],
    [
      "error objects",
      "let p; try { readFile('nope') } catch (e) { p = e.constructor.constructor('return typeof process')() } console.log(p, 'undefined', 'undefined')",
    ],
    [
      "stack preparation",
      "Error.prepareStackTrace = (e, frames) => frames; const s = new Error('x').stack; console.log(typeof (s && s[0] && s[0].getThis && s[0].getThis()), 'undefined', 'undefined')",
    ],
  ])("program 1: does not reach the host by %s", async (_what, code) => {
    expect(await run(code)).toMatchObject({ exitCode: 0, output: "undefined undefined undefined\n" });
  });

  it("executor 2: cannot leave anything for the next program", async () => {
    await run(`
      Object.prototype.polluted = 1; Array.prototype.push = () => 0; String.prototype.slice = () => "hacked";
      JSON.stringify = () => "hacked"; globalThis.left = 1; console.log = () => {}; Promise.prototype.then = () => {};
      Function.prototype.call = () => "hacked"; RegExp.prototype.test = () => false;`);
    const result = await run(
      "console.log(({}).polluted, typeof left, [1].push(2), 'abc'.slice(1), JSON.stringify([1]), await Promise.resolve(4))",
    );
    expect(result.output).toBe("undefined undefined 2 bc [1] 4\n");
  });

  it("breaks only its own printing when it changes built-ins", async () => {
    const result = await run(
      "Array.prototype.join = () => 'x'; String.prototype.slice = () => { throw 1 }; Function.prototype.call = () => 0; console.log('fine', [1, { a: 2 }])",
    );
    expect(result).toMatchObject({ exitCode: 0, output: "fine [ 1, { a: 2 } ]\n" });
  });

  it("cannot read files of other names, nor change those it has", async () => {
    const code = `
      for (const name of ["../a.txt", "/etc/passwd", "__proto__", "constructor", ""]) {
        try { console.log("READ", readFile(name)) } catch (error) { console.log("refused") }
      }
      try { "use strict"; files["a.txt"] = "changed" } catch {}
      console.log(readFile("a.txt"), files["a.txt"])`;
    expect((await run(code)).output).toBe(`${"refused\n".repeat(5)}secret of a secret of a\n`);
  });

  it.each([
    ["small objects", "const a = []; for (;;) a.push({ n: a.length })"],
    ["typed arrays", "const a = []; for (;;) a.push(new Uint8Array(1_000_000))"],
    ["one huge buffer", "new Uint8Array(1_500_000_000)"],
    [
      "a doubled string",
      "let s = 'x'; const all = []; for (;;) { s = s.length > 1e7 ? 'x' : s + s; all.push(s + all.length) }",
    ],
    ["closures", "let f = () => 0; for (;;) { const g = f; f = () => g }"],
    ["a map", "const m = new Map(); for (let i = 0; ; i++) m.set('k' + i, i)"],
  ])("is stopped by the memory limit: %s", async (_what, code) => {
    const result = await run(code, 20_000);
    expect(result).toMatchObject({
      exitCode: 137,
      output: expect.stringContaining("memory limit of 64 MiB") as string,
    });
  });

  it("may catch its own lack of memory and go on", async () => {
    const result = await run(
      "let a = []; try { for (;;) a.push(new Uint8Array(1e6)) } catch (error) { a = null; console.log(error.message) } console.log('on')",
    );
    expect(result).toMatchObject({ exitCode: 0, output: "out of memory\non\n" });
  });

  it.each([
    ["a loop", "for (;;) {}"],
    ["microtasks", "const f = () => Promise.resolve().then(f); f()"],
    ["async iteration", "for (;;) await null"],
    ["a backtracking pattern", "/^(a+)+$/.test('a'.repeat(60) + 'b')"],
    ["a loop that catches", "for (;;) { try { for (;;) {} } catch {} finally { continue } }"],
    ["a getter chain while printing", "console.log(new Proxy({}, { ownKeys() { for (;;) {} } }))"],
    [
      "a huge sort",
      "const a = Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 300_007); for (;;) a.sort(() => Math.random() - 0.5)",
    ],
    [
      "an error that loops while it is told",
      "throw Object.defineProperty(new Error('x'), 'message', { get() { for (;;) {} } })",
    ],
  ])("program 3: is stopped by the time limit: %s", async (_what, code) => {
    const start = performance.now();
    const result = await run(code, 300);
    expect(result.exitCode).toBe(124);
    expect(result.output).toContain("time limit of 300 ms");
    expect(performance.now() - start).toBeLessThan(300 + 2500);
  });

  it("worker 1: is stopped with its thread when the engine does not look at the clock", async () => {
    const start = performance.now();
    const result = await run(
      "let a = []; for (let i = 0; i < 200_000; i++) a = [a]; JSON.stringify(a); console.log('end')",
      300,
    );
    expect([1, 124]).toContain(result.exitCode);
    expect(performance.now() - start).toBeLessThan(300 + 2500);
    expect((await run("console.log('next')")).output).toBe("next\n");
  });

  it.each([
    ["functions", "function f() { f() } f()"],
    ["brackets to parse", "JSON.parse('['.repeat(500_000))"],
    ["brackets to evaluate", "eval('('.repeat(200_000) + '1' + ')'.repeat(200_000))"],
    ["arrays to join", "let a = []; for (let i = 0; i < 100_000; i++) a = [a]; String(a)"],
    ["proxies", "let p = {}; for (let i = 0; i < 50_000; i++) p = new Proxy(p, {}); p.x"],
    ["groups in a pattern", "new RegExp('(?:'.repeat(100_000) + ')'.repeat(100_000))"],
    ["callbacks of built-ins", "const f = () => [2, 1].sort(f); f()"],
  ])("fails alone when it nests too deeply: %s", async (_what, code) => {
    expect((await run(code)).exitCode).toBe(1);
    expect((await run("console.log('next')")).output).toBe("next\n");
  });

  it("cannot flood the host with output, in many pieces or in one", async () => {
    const small = wasmExecutor({ outputBytes: 10_000 });
    for (const code of [
      "for (;;) console.log('äx')",
      "for (;;) console.log('y'.repeat(1e6))",
      "console.log('ä'.repeat(2e7))",
    ]) {
      const result = await small.execute([{ code, language: "js" }], { timeoutMs: 800 });
      expect(result.truncated).toBe(true);
      expect(new TextEncoder().encode(result.output).length).toBeLessThan(10_300);
      expect(result.output).toContain("[output cut: the limit of 10000 bytes is reached]");
      expect(result.output).not.toContain("\uFFFD");
    }
    await small.close();
  });
});
