/**
 * A file of lines that is set aside when it is full or old, and of which only so much is kept.
 *
 * Owns: the open handle of the current file; the names of the files set aside, `name.<time of its first line>-<tag>.ext`.
 * Does not own: what is in the lines, and when to write.
 * Invariants:
 * F1. A line begins at the start of a line, whatever was left behind by a process that died or a disk that was full.
 * F2. There are at most `maxFiles` files of at most `maxBytes`, the current one included.
 * F3. After a write, no file begins with a line older than `maxAgeMs`.
 * F4. Several processes may write one path: a file that another one set aside is let go of, nobody's lines are lost or cut.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { makeDirectory } from "../make-directory.ts";

/** What bounds the files. */
export interface RotationLimits {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly maxFiles: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface CurrentFile {
  readonly handle: FileHandle;
  readonly inode: bigint;
  /** Epoch milliseconds of its first line. */
  startedAt: number;
  bytes: number;
}

/** Conversations are for their owner's eyes. */
const fileMode = 0o600;

/** A first line is looked for in this much of a file. */
const headBytes = 65_536;

/** The lines of one path, in files of bounded number, size and age. Calls must not overlap. */
export class RotatingFile {
  readonly #limits: RotationLimits;
  readonly #path: string;
  #current: CurrentFile | undefined;
  /** Start of the oldest file set aside; infinite when there is none. */
  #oldestStart = Number.POSITIVE_INFINITY;
  /** Start of the newest one: the next has a later name, whatever the clock says. */
  #newestStart = Number.NEGATIVE_INFINITY;

  constructor(limits: RotationLimits) {
    this.#limits = limits;
    this.#path = resolve(limits.path);
  }

  /** Opens the file, and removes what is beyond the limits. @throws What the file system says. */
  async open(): Promise<void> {
    await this.#open();
    await this.#prune();
  }

  /** Adds whole lines. @throws What the file system says: some may have been added then, and the next call starts afresh. */
  async append(lines: readonly Buffer[]): Promise<void> {
    try {
      for (let from = 0; from < lines.length; ) {
        const file = await this.#fileFor(lines[from]?.length ?? 0);
        if (file.bytes === 0) file.startedAt = this.#limits.now();
        const batch = takeBatch(lines, from, this.#limits.maxBytes - file.bytes);
        await file.handle.appendFile(Buffer.concat(batch));
        file.bytes += batch.reduce((sum, line) => sum + line.length, 0);
        from += batch.length;
      }
      if (this.#isTooOld(this.#oldestStart)) await this.#prune();
    } catch (error) {
      await this.close().catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    const file = this.#current;
    this.#current = undefined;
    await file?.handle.close();
  }

  /** The file that takes a line of this length next. */
  async #fileFor(bytes: number): Promise<CurrentFile> {
    const file = await this.#open();
    const isFull = file.bytes > 0 && file.bytes + bytes > this.#limits.maxBytes;
    const { maxAgeMs, maxFiles, now } = this.#limits;
    const isDue = file.bytes > 0 && now() - file.startedAt >= maxAgeMs / maxFiles;
    if (!isFull && !isDue) return file;
    await this.#setAside(file);
    const next = await this.#open();
    await this.#prune();
    return next;
  }

  /** The open file, as long as it is still the one at the path. */
  async #open(): Promise<CurrentFile> {
    const known = this.#current;
    if (known !== undefined) {
      const found = await stat(this.#path, { bigint: true }).catch(() => undefined);
      if (found?.ino === known.inode) {
        known.bytes = Number(found.size);
        return known;
      }
      await this.close();
    }
    await makeDirectory(dirname(this.#path));
    const handle = await open(this.#path, "a+", fileMode);
    try {
      this.#current = await describe(handle, this.#limits.now());
      return this.#current;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #setAside(file: CurrentFile): Promise<void> {
    await this.close();
    const extension = extname(this.#path);
    const time = new Date(Math.max(file.startedAt, this.#newestStart + 1)).toISOString().replaceAll(/[-:.]/g, "");
    const name = `${basename(this.#path, extension)}.${time}-${randomBytes(3).toString("hex")}${extension}`;
    try {
      await rename(this.#path, join(dirname(this.#path), name));
    } catch (error) {
      // Another process was faster.
      if (!isMissing(error)) throw error;
    }
  }

  /** Removes the files set aside that are too old or too many. */
  async #prune(): Promise<void> {
    const asides = await asidesOf(this.#path);
    const kept = asides.slice(-(this.#limits.maxFiles - 1)).filter(({ startedAt }) => !this.#isTooOld(startedAt));
    const keptNames = new Set(kept.map(({ name }) => name));
    for (const { name } of asides) if (!keptNames.has(name)) await rm(join(dirname(this.#path), name), { force: true });
    this.#oldestStart = kept[0]?.startedAt ?? Number.POSITIVE_INFINITY;
    this.#newestStart = kept.at(-1)?.startedAt ?? Number.NEGATIVE_INFINITY;
  }

  #isTooOld(startedAt: number): boolean {
    return this.#limits.now() - startedAt > this.#limits.maxAgeMs;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** As many lines as fit, at least one. */
function takeBatch(lines: readonly Buffer[], from: number, room: number): readonly Buffer[] {
  let bytes = 0;
  let end = from;
  while (end < lines.length) {
    bytes += lines[end]?.length ?? 0;
    if (bytes > room && end > from) break;
    end += 1;
  }
  return lines.slice(from, end);
}

/** Every file of a log that exists, the oldest first. @throws What the file system says. */
export async function logFilesOf(path: string): Promise<readonly string[]> {
  const current = resolve(path);
  if (!existsSync(dirname(current))) return [];
  const asides = (await asidesOf(current)).map(({ name }) => join(dirname(current), name));
  return existsSync(current) ? [...asides, current] : asides;
}

/** The files that were set aside, the oldest first. */
async function asidesOf(path: string): Promise<readonly { readonly name: string; readonly startedAt: number }[]> {
  const extension = extname(path);
  const stem = `${basename(path, extension)}.`;
  const found = (await readdir(dirname(path))).flatMap((name) => {
    if (!name.startsWith(stem) || !name.endsWith(extension)) return [];
    const startedAt = startOf(name.slice(stem.length, name.length - extension.length));
    return startedAt === undefined ? [] : [{ name, startedAt }];
  });
  return found.toSorted((left, right) => left.startedAt - right.startedAt || (left.name < right.name ? -1 : 1));
}

/** `20261121T151300123Z-a1b2c3` as epoch milliseconds; undefined for any other text. */
function startOf(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{6}$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second, ms] = match.slice(1);
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** Looks at a file that was just opened: how long it is, when it began, whether its last line is whole (F1). */
async function describe(handle: FileHandle, now: number): Promise<CurrentFile> {
  const { ino, size } = await handle.stat({ bigint: true });
  const bytes = Number(size);
  if (bytes === 0) return { handle, inode: ino, startedAt: now, bytes };
  const last = await handle.read({ buffer: Buffer.alloc(1), position: bytes - 1 });
  const isWhole = last.buffer[0] === 0x0a;
  if (!isWhole) await handle.appendFile("\n");
  return { handle, inode: ino, startedAt: (await firstTime(handle)) ?? now, bytes: isWhole ? bytes : bytes + 1 };
}

/** The `at` of the first line that has one. */
async function firstTime(handle: FileHandle): Promise<number | undefined> {
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(headBytes), position: 0 });
  const match = /"at":"([^"]+)"/.exec(buffer.toString("utf8", 0, bytesRead));
  const time = Date.parse(match?.[1] ?? "");
  return Number.isNaN(time) ? undefined : time;
}
