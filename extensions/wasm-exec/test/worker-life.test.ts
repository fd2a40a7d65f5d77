import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { wasmExecutor } from "@troupe/wasm-exec";
import { describe, expect, it } from "vitest";

const js = (code: string) => [{ code, language: "js" }];

/** Ten times what is promised: the machine of a test may be busy. */
const boundMs = 2500;

describe("the workers of a wasmExecutor", () => {
  it("executor 1, worker 3: block neither the process nor each other", async () => {
    await using executor = wasmExecutor({ workers: 2 });
    const controller = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    const loop = executor.execute(js("for (;;) {}"), { signal: controller.signal }).catch((reason: unknown) => reason);
    const result = await executor.execute(js("console.log('beside')"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    controller.abort("enough");
    clearInterval(timer);
    expect([result.output, await loop]).toEqual(["beside\n", "enough"]);
    expect(ticks).toBeGreaterThan(5);
  });

  it("pool 2, 3, executor 3: are warm for the second program, and replaced after an abort", async () => {
    await using executor = wasmExecutor({ workers: 1 });
    await executor.execute(js("1"));
    const durations: number[] = [];
    for (let round = 0; round < 5; round++) {
      const start = performance.now();
      await executor.execute(js("1"));
      durations.push(performance.now() - start);
    }
    expect(Math.min(...durations)).toBeLessThan(150);

    const controller = new AbortController();
    const loop = executor.execute(js("console.log('in'); for (;;) {}"), {
      signal: controller.signal,
      onOutput: () => controller.abort(new Error("seen")),
    });
    const start = performance.now();
    await expect(loop).rejects.toThrow("seen");
    expect(performance.now() - start).toBeLessThan(boundMs);
    expect((await executor.execute(js("console.log('again')"))).output).toBe("again\n");
  });

  it("pass output on while the program runs", async () => {
    await using executor = wasmExecutor();
    const start = performance.now();
    let firstAt = Number.POSITIVE_INFINITY;
    const onOutput = () => (firstAt = Math.min(firstAt, performance.now() - start));
    await executor.execute(js("console.log('early'); const end = Date.now() + 600; while (Date.now() < end);"), {
      onOutput,
    });
    expect(firstAt).toBeLessThan(performance.now() - start - 200);
  });

  it("pool 1: queue calls in order when all are busy", async () => {
    await using executor = wasmExecutor({ workers: 1 });
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        executor.execute(js(`console.log(${index})`)).then(() => order.push(index)),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it("reject with the caller's own error when its onOutput throws", async () => {
    await using executor = wasmExecutor();
    const failing = executor.execute(js("console.log(1)"), {
      onOutput: () => {
        throw new Error("my listener");
      },
    });
    await expect(failing).rejects.toThrow("my listener");
    expect((await executor.execute(js("console.log('on')"))).output).toBe("on\n");
  });

  it("pool 4: end after their idle time", async () => {
    await using executor = wasmExecutor({ idleMs: 20 });
    await executor.execute(js("1"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const active = process
      .getActiveResourcesInfo()
      .filter((name) => name.includes("MessagePort") || name.includes("Worker"));
    expect(active).toEqual([]);
    expect((await executor.execute(js("console.log('new')"))).output).toBe("new\n");
  });

  it("worker 3, 4: do not keep a process alive that forgot to close", async () => {
    const entry = fileURLToPath(new URL("../src/index.ts", import.meta.url));
    const program = `
      import { wasmExecutor } from ${JSON.stringify(entry)};
      const result = await wasmExecutor().execute([{ code: "console.log(6 * 7)", language: "js" }]);
      console.log(result.output.trim(), process.env.SECRET);`;
    const start = performance.now();
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ["--conditions=troupe-source", "--input-type=module", "--eval", program],
      { env: { ...process.env, SECRET: "s" }, timeout: 15_000 },
    );
    expect([stdout, stderr]).toEqual(["42 s\n", ""]);
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  it("executor 2: leave nothing behind over 1,000 programs", async () => {
    await using executor = wasmExecutor({ workers: 1 });
    const program = js("const a = Array.from({ length: 10_000 }, (_, i) => ({ i })); console.log(a.length)");
    const measure = async (runs: number): Promise<number> => {
      for (let run = 0; run < runs; run++) await executor.execute(program);
      return process.memoryUsage().rss / 1_048_576;
    };
    const before = await measure(300);
    const after = await measure(700);
    expect(after - before).toBeLessThan(100);
  }, 60_000);

  it("pool 5, executor 4: tell everybody when they close, waiting or running, and stop for good", async () => {
    const executor = wasmExecutor({ workers: 1 });
    const calls = Array.from({ length: 4 }, () => executor.execute(js("for (;;) {}")).catch((error: unknown) => error));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const start = performance.now();
    await Promise.all([executor.close(), executor.close()]);
    expect(await Promise.all(calls)).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ code: "code.closed" }) as unknown),
    );
    expect(performance.now() - start).toBeLessThan(boundMs);
    await expect(executor.execute(js("1"))).rejects.toMatchObject({ code: "code.closed" });
  });

  it("worker 2: have stopped when an aborted call rejects", async () => {
    await using executor = wasmExecutor({ workers: 1 });
    const controller = new AbortController();
    const onOutput = () => controller.abort("enough");
    await executor.execute(js("console.log(1); for (;;) {}"), { signal: controller.signal, onOutput }).catch(() => {});
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = process.cpuUsage(before);
    // A thread in a loop would take 300 ms of it.
    expect((user + system) / 1000).toBeLessThan(200);
  });

  it.each([
    [{ workers: 0 }],
    [{ memoryBytes: 1 }],
    [{ timeoutMs: -1 }],
    [{ timeoutMs: 5000, maxTimeoutMs: 10 }],
    [{ outputBytes: Number.NaN }],
    [{ idleMs: 0.5 }],
  ])("refuse the options %j", (options) => {
    expect(() => wasmExecutor(options)).toThrow(expect.objectContaining({ code: "config.invalid_option" }));
  });

  it("hold a call to the longest time limit, and refuse one that is no time", async () => {
    await using executor = wasmExecutor({ timeoutMs: 100, maxTimeoutMs: 200 });
    expect((await executor.execute(js("for (;;) {}"), { timeoutMs: 60_000 })).output).toContain("time limit of 200 ms");
    expect((await executor.execute(js("for (;;) {}"))).output).toContain("time limit of 100 ms");
    await expect(executor.execute(js("1"), { timeoutMs: 0 })).rejects.toMatchObject({ code: "code.invalid_option" });
  });
});
