// Runtimes that run a file and print: Node, Deno, Bun.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findInstalled, installPackage } from "./install-runtime.ts";
import { type Bundle, parseReport, type Platform, type PlatformOutcome } from "./platform.ts";

const execute = promisify(execFile);
const timeoutMs = 120_000;
const maxBuffer = 16 * 2 ** 20;
const system = process.platform === "win32" ? "win" : process.platform;
const suffix = process.platform === "win32" ? ".exe" : "";
const { arch } = process;

async function runProgram(program: string, args: readonly string[], bundle: Bundle): Promise<PlatformOutcome> {
  const version = await execute(program, ["--version"]);
  const { stdout, stderr } = await execute(program, [...args, join(bundle.folder, "launch.js")], {
    timeout: timeoutMs,
    maxBuffer,
  });
  const report = parseReport(`${stdout}\n${stderr}`);
  return { kind: "ran", version: version.stdout.split("\n")[0]?.replace(/ \(.*/, "") ?? "", report };
}

function missing(what: string): PlatformOutcome {
  return { kind: "missing", reason: `npm has no ${what} for ${process.platform} ${arch}` };
}

/** Node of one version, from the package that holds the binary for this system. */
export function nodePlatform(name: string, version: string): Platform {
  return {
    name,
    run: async (bundle) => {
      const folder = await installPackage(`node-${system}-${arch}@${version}`);
      const binary = join(folder, "bin", `node${suffix}`);
      return existsSync(binary) ? runProgram(binary, [], bundle) : missing(`Node ${version}`);
    },
  };
}

/** Deno, without any permission but to read the bundle. */
export const deno: Platform = {
  name: "deno",
  run: async (bundle) => {
    const folder = await installPackage("deno@2.9.6");
    const packages = [`${process.platform}-${arch}`, `${process.platform}-${arch}-glibc`];
    const binary = findInstalled(
      folder,
      packages.map((name) => join("@deno", name, `deno${suffix}`)),
    );
    return binary === undefined
      ? missing("Deno")
      : runProgram(binary, ["run", `--allow-read=${bundle.folder}`], bundle);
  },
};

/** Bun. */
export const bun: Platform = {
  name: "bun",
  run: async (bundle) => {
    const folder = await installPackage("bun@1.4.5");
    const packages = [`bun-${process.platform}-${arch === "arm64" ? "aarch64" : arch}`];
    const binary = findInstalled(
      folder,
      packages.map((name) => join("@oven", name, "bin", `bun${suffix}`)),
    );
    return binary === undefined ? missing("Bun") : runProgram(binary, ["run"], bundle);
  },
};
