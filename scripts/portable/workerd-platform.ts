// workerd, the runtime of Cloudflare Workers: the bundle is a Worker, its answer to a request is the report.
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findInstalled, installPackage } from "./install-runtime.ts";
import { type Bundle, parseReport, type Platform } from "./platform.ts";

const version = "1.20261117.1";
const systems: Readonly<Record<string, string>> = { linux: "linux", darwin: "darwin", win32: "windows" };
/** The newest date at which this workerd knows all flags: its own version holds it. */
const compatibilityDate = "2026-11-01";

const configuration = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .suites)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const suites :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "suites.js", esModule = embed "suites.js"),
  ],
  compatibilityDate = "${compatibilityDate}",
);
`;

/** The port that workerd chose, read from the events it writes to its third stream. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdio[3]?.on("data", (chunk: Buffer) => {
      const port = /"port":\s*(\d+)/.exec(chunk.toString())?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`workerd ended with code ${code}: ${said}`)));
  });
}

async function serveAndAsk(binary: string, bundle: Bundle): Promise<string> {
  const configPath = join(bundle.folder, "workerd.capnp");
  writeFileSync(configPath, configuration);
  const child = spawn(binary, ["serve", configPath, "--control-fd=3"], {
    stdio: ["ignore", "inherit", "pipe", "pipe"],
  });
  try {
    const port = await listeningPort(child);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(120_000) });
    return await answer.text();
  } finally {
    child.removeAllListeners();
    child.kill();
  }
}

/** workerd. */
export const workerd: Platform = {
  name: "workerd",
  run: async (bundle) => {
    const folder = await installPackage(`workerd@${version}`);
    const name = `workerd-${systems[process.platform] ?? process.platform}-${process.arch === "x64" ? "64" : process.arch}`;
    const binary = findInstalled(folder, [join("@cloudflare", name, "bin", "workerd")]);
    if (binary === undefined) return { kind: "missing", reason: `npm has no ${name}` };
    return { kind: "ran", version: `workerd ${version}`, report: parseReport(await serveAndAsk(binary, bundle)) };
  },
};
