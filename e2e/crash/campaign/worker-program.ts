/**
 * The program of the workers as one file: to load the sources one by one takes a process longer than the run it is started for.
 *
 * Owns: a folder with the bundle and what processes have compiled of it. Does not own: the processes that run it.
 * Invariants:
 * W1. It is made of the sources as they are when it is opened, and stays the same until it is removed, whoever edits them.
 * W2. After `remove` nothing of it is left on disk.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { SourceMap, type SourceMapPayload } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const source = fileURLToPath(new URL("../worker/worker.ts", import.meta.url));

/** A bundle in a temporary folder of its own. */
export class WorkerProgram {
  readonly #folder: string;
  /** Names what it was made of: equal for equal sources. */
  readonly digest: string;
  readonly #map: SourceMap;

  private constructor(folder: string, { code, map }: Bundle) {
    this.#folder = folder;
    this.digest = createHash("sha256").update(code).digest("hex").slice(0, 16);
    this.#map = new SourceMap(map);
  }

  /** @throws Error when the sources do not bundle. */
  static async open(): Promise<WorkerProgram> {
    const folder = await mkdtemp(join(tmpdir(), "troupe-crash-program-"));
    try {
      return new WorkerProgram(folder, await bundleInto(folder));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** What Node is to run. */
  get path(): string {
    return join(this.#folder, fileName);
  }

  /** Where processes keep what they have compiled; only those that end in order write to it. */
  get cacheFolder(): string {
    return join(this.#folder, "compiled");
  }

  /** The same text with the places of a stack in the sources instead of the bundle. */
  locate(text: string): string {
    return text.replaceAll(placePattern, (place: string, line: string, column: string) => {
      const entry = this.#map.findEntry(Number(line) - 1, Number(column) - 1);
      if (!("originalSource" in entry)) return place;
      const file = relative(root, resolve(dirname(this.path), entry.originalSource));
      return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const fileName = "worker.cjs";

/** A place in the bundle, as stacks name it. */
const placePattern = /[^\s()]*\bworker\.cjs:(\d+):(\d+)/g;

interface Bundle {
  readonly code: string;
  readonly map: SourceMapPayload;
}

/** One script in the older format: Node loads it a third faster than a module. */
async function bundleInto(folder: string): Promise<Bundle> {
  const { output } = await build({
    cwd: root,
    input: source,
    platform: "node",
    tsconfig: false,
    // A native client that `pg` looks for and does without.
    external: ["pg-native"],
    resolve: { conditionNames: ["troupe-source", "node", "default"] },
    onLog: (_level, log) => {
      throw new Error(`the worker does not bundle: ${log.message}`);
    },
    output: { dir: folder, entryFileNames: fileName, format: "cjs", codeSplitting: false, sourcemap: true },
  });
  const [{ code, map }] = output;
  if (map === null) throw new Error("the worker was bundled without a map");
  return { code, map: { ...map, file: fileName, sourceRoot: "", sourcesContent: [] } };
}
