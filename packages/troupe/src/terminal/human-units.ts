import { ConfigError } from "@troupe/core";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const unitMs: Readonly<Record<string, number>> = { s: second, m: minute, min: minute, h: hour, d: day, w: 7 * day };

/** `30d`, `12h`, `90m`, `2w`, `45s` as milliseconds. @throws ConfigError `config.invalid_option` for anything else. */
export function parseDuration(text: string): number {
  const [, count = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text.trim()) ?? [];
  const factor = unitMs[unit.toLowerCase()];
  if (factor !== undefined) return Number(count) * factor;
  throw new ConfigError("config.invalid_option", `"${text}" is no duration`, {
    remedy: "Give a number and a unit: 45s, 90m, 12h, 30d or 2w.",
  });
}

/** Milliseconds as a reader wants them: `38 ms`, `1.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < minute) return `${(ms / second).toFixed(1)} s`;
  if (ms < hour) return twoUnits(ms, { large: minute, largeName: "min", small: second, smallName: "s" });
  if (ms < day) return twoUnits(ms, { large: hour, largeName: "h", small: minute, smallName: "min" });
  return twoUnits(ms, { large: day, largeName: "d", small: hour, smallName: "h" });
}

interface TwoUnits {
  readonly large: number;
  readonly largeName: string;
  readonly small: number;
  readonly smallName: string;
}

function twoUnits(ms: number, { large, largeName, small, smallName }: TwoUnits): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** How long ago something was, in one unit: `just now`, `12 s ago`, `5 min ago`, `3 h ago`, `4 d ago`. */
export function formatAge(ms: number): string {
  if (ms < second) return "just now";
  const [size, name] = ms < minute ? [second, "s"] : ms < hour ? [minute, "min"] : ms < day ? [hour, "h"] : [day, "d"];
  return `${Math.floor(ms / size)} ${name} ago`;
}

/** A local time to the second: `2026-11-21 15:30:12`. */
export function formatTime(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * minute);
  return date.toISOString().slice(0, 19).replace("T", " ");
}

/** Bytes with three digits or so: `512 B`, `8.2 kB`, `1.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const [size, name] = bytes < 1_000_000 ? [1_000, "kB"] : bytes < 1_000_000_000 ? [1_000_000, "MB"] : [1e9, "GB"];
  const value = bytes / size;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`;
}

/** A number with its noun: `1 run`, `3 runs`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
