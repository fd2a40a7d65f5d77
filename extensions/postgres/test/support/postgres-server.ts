// A real PostgreSQL server for tests: started in a temporary folder, on a free loopback port, with a password.
// It ends with the process that started it, whatever kills that process: the shell that runs it watches a pipe.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chown, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const debianRoot = "/usr/lib/postgresql";
const readyLimitMs = 30_000;

/**
 * A shell that ends with the server. When whoever holds its standard input open goes first, he did not mean to: then the server ends, and
 * the folder goes as well.
 */
const guardScript = `exec 3<&0
"$0" "$@" 2>&1 3<&- &
pid=$!
(
  cat <&3
  kill -QUIT $pid || exit
  while kill -0 $pid; do sleep 0.1; done
  rm -rf "$FOLDER"
) > /dev/null &
wait $pid`;

/** A running server with a role `troupe` that may do anything. */
export interface PostgresServer {
  readonly port: number;
  readonly password: string;
  /** Where a store connects. @param role default `troupe`. */
  connectionString(role?: { readonly user?: string; readonly password?: string; readonly database?: string }): string;
  /** Runs SQL as the superuser, past everything that is tested, and returns the first column. */
  query(sql: string, database?: string): Promise<readonly string[]>;
  /** Ends the server and every backend with SIGKILL, as a power failure would. */
  kill(): Promise<void>;
  /** Ends the server in good order. */
  shutDown(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Ends the server and removes its folder. Safe twice. */
  stop(): Promise<void>;
}

/** Why there is no server to test with; undefined when there is one. */
export async function missingPostgres(): Promise<string | undefined> {
  return (await binFolder()) === undefined ? "no PostgreSQL server is installed (apt: postgresql)" : undefined;
}

/** How a test's server runs. */
export interface PostgresServerOptions {
  /**
   * True waits for the disk, as a server does that must survive the loss of power: for measuring. Default false: what was committed
   * survives every kill all the same, and tests do not wait for a disk that others use.
   */
  readonly isSafeFromPowerLoss?: boolean | undefined;
}

/**
 * Starts a server with an empty database `troupe`.
 *
 * @throws Error when none is installed: ask `missingPostgres` first and skip, unless `CI` is set.
 */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const bin = await binFolder();
  if (bin === undefined) throw new Error("no PostgreSQL server is installed (apt: postgresql)");
  const account = serverAccount();
  const folder = await mkdtemp(join(tmpdir(), "troupe-postgres-"));
  const password = `s3cret/${crypto.randomUUID()}`;
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, password);
  if (account !== undefined) for (const path of [folder, passwordFile]) await chown(path, account.uid, account.gid);
  const data = join(folder, "data");
  const initial = ["-D", data, "-U", "troupe", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8"];
  try {
    await run(join(bin, "initdb"), [...initial, "--locale=C", "--no-sync"], { ...account, cwd: folder });
    const server = new Server({ bin, folder, data, password, port: await freePort(), account, options });
    await server.start();
    await server.query("CREATE DATABASE troupe", "postgres");
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Place {
  readonly bin: string;
  readonly folder: string;
  readonly data: string;
  readonly password: string;
  readonly port: number;
  readonly account: { readonly uid: number; readonly gid: number } | undefined;
  readonly options: PostgresServerOptions;
}

class Server implements PostgresServer {
  readonly #place: Place;
  #guard: ChildProcess | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  get port(): number {
    return this.#place.port;
  }

  get password(): string {
    return this.#place.password;
  }

  connectionString(
    role: { readonly user?: string; readonly password?: string; readonly database?: string } = {},
  ): string {
    const { user = "troupe", password = this.password, database = "troupe" } = role;
    return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`;
  }

  async query(sql: string, database = "troupe"): Promise<readonly string[]> {
    const { bin, port, password, folder } = this.#place;
    const where = ["-h", "127.0.0.1", "-p", String(port), "-U", "troupe", "-d", database];
    const options = { cwd: folder, env: { ...process.env, PGPASSWORD: password }, timeout: 30_000 };
    const { stdout } = await run(
      join(bin, "psql"),
      ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", ...where, "-c", sql],
      options,
    );
    return stdout.split("\n").filter((line) => line !== "");
  }

  async start(): Promise<void> {
    const { bin, data, folder, port, account, options } = this.#place;
    const settings = {
      listen_addresses: "127.0.0.1",
      port,
      unix_socket_directories: folder,
      max_connections: 60,
      fsync: options.isSafeFromPowerLoss === true ? "on" : "off",
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const guard = spawn("/bin/sh", ["-c", guardScript, join(bin, "postgres"), "-D", data, ...flags], {
      ...account,
      cwd: folder,
      env: { ...process.env, FOLDER: folder },
      stdio: ["pipe", "pipe", "ignore"],
    });
    await untilReady(guard);
    this.#guard = guard;
    guard.unref();
  }

  async kill(): Promise<void> {
    const pid = this.#pid();
    if (pid !== undefined) await killTree(pid);
    await this.#ended();
  }

  async shutDown(): Promise<void> {
    const pid = this.#pid();
    if (pid !== undefined) endProcess(pid, "SIGINT");
    await this.#ended();
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#place.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #pid(): number | undefined {
    const file = join(this.#place.data, "postmaster.pid");
    const pid = existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : Number.NaN;
    return this.#guard === undefined || Number.isNaN(pid) ? undefined : pid;
  }

  async #ended(): Promise<void> {
    const guard = this.#guard;
    if (guard === undefined) return;
    this.#guard = undefined;
    guard.ref();
    if (guard.exitCode === null && guard.signalCode === null) await once(guard, "exit");
  }
}

/** Resolves when the server says that it takes connections; its output is read to the end so that it never blocks. */
function untilReady(guard: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (why: string): void => reject(new Error(`PostgreSQL ${why}:\n${output}`));
    const timer = setTimeout(() => fail(`was not ready within ${readyLimitMs} ms`), readyLimitMs);
    guard.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      output = (output + chunk).slice(-20_000);
      if (!output.includes("database system is ready to accept connections")) return;
      clearTimeout(timer);
      resolve();
    });
    guard.once("error", (error) => fail(`could not be started (${error.message})`));
    guard.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with code ${code}`);
    });
  });
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Backends lead sessions of their own, so a signal to the group is not enough; a stopped server makes no new ones. */
async function killTree(pid: number): Promise<void> {
  endProcess(pid, "SIGSTOP");
  const victims = [...childrenOf(pid), pid];
  for (const victim of victims) endProcess(victim, "SIGKILL");
  // The next server refuses to start while one of them still holds the shared memory.
  while (victims.some(isRunning)) await pause(5);
}

/** False for one that has ended, though nobody has asked for its exit code yet. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.charAt(stat.lastIndexOf(")") + 2) !== "Z";
  } catch {
    return false;
  }
}

function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === "string") throw new Error("no loopback port is free");
  return address.port;
}

/** The server refuses to run as root: then it runs as the account that its package made. */
function serverAccount(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  if (line === null) throw new Error('there is no account "postgres" to run the server as');
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

/** Debian keeps the server's programs off the PATH, one folder a version; elsewhere `pg_config` knows. */
async function binFolder(): Promise<string | undefined> {
  const versions = existsSync(debianRoot) ? await readdir(debianRoot) : [];
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(debianRoot, version, "bin"));
  const configured = await run("pg_config", ["--bindir"]).catch(() => undefined);
  if (configured !== undefined) folders.push(configured.stdout.trim());
  return folders.find((folder) => ["initdb", "postgres", "psql"].every((name) => existsSync(join(folder, name))));
}
