// The lockfile must name the platform packages of every platform, or `npm ci` refuses it: npm leaves out those that the
// registry it was written against does not carry in the right version. --fix adds them with the version that their
// parent asks for and the platform that their name says; npm then fetches them only on that platform.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run-step.ts";
import { report } from "../tracked-files.ts";

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages: Record<string, LockEntry>;
}

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

function isLockfile(value: unknown): value is Lockfile {
  return typeof value === "object" && value !== null && "packages" in value && typeof value.packages === "object";
}

/** `@oxlint/binding-linux-x64-musl` runs on linux, x64, musl; a name without a system is no platform package. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return undefined;
  if (os !== "linux") return { os: [os], cpu: [cpu] };
  if (words.some((word) => word.startsWith("musl"))) return { os: [os], cpu: [cpu], libc: ["musl"] };
  return { os: [os], cpu: [cpu], ...(words.some((word) => word.startsWith("gnu")) ? { libc: ["glibc"] } : {}) };
}

/** Platform packages that some entry asks for and no folder between it and the root provides. */
function missingFrom({ packages }: Lockfile): Map<string, LockEntry> {
  const missing = new Map<string, LockEntry>();
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      const isThere = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((place) => place in packages);
      if (platform === undefined || isThere) continue;
      const isExact = /^\d+\.\d+\.\d+/.test(version);
      if (isExact) missing.set(`node_modules/${name}`, { version, ...platform, ...(entry.dev ? { dev: true } : {}) });
    }
  }
  return missing;
}

const path = join(root, "package-lock.json");
const lockfile: unknown = JSON.parse(readFileSync(path, "utf8"));
if (!isLockfile(lockfile)) throw new Error(`"${path}" is not a lockfile`);
const missing = missingFrom(lockfile);
if (process.argv.includes("--fix")) {
  const additions = [...missing].map(([place, entry]) => [place, { ...entry, optional: true }] as const);
  const packages = [...Object.entries(lockfile.packages), ...additions].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(path, `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(packages) }, null, 2)}\n`);
  console.log(`${missing.size} platform packages added`);
} else {
  const problems = [...missing.keys()].map((place) => `package-lock.json lacks ${place}: npm run lockfile`);
  report(problems, "the lockfile names every platform");
}
