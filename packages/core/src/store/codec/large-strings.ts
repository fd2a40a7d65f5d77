import { trustType } from "../../agent/index.ts";

/** Strings with more characters than this are kept outside the log, where a store can (C23: 256 KiB). */
export const largeStringLength = 262_144;

/** Stands before and after the key of a string that is kept elsewhere: JSON text has no control characters. */
const mark = "\u0001";

/** The JSON text of a value, with the keys of its large strings in their places. */
export function writeWithKeys(value: unknown, toKey: (text: string) => string): string {
  if (typeof value === "string" && value.length > largeStringLength) return mark + JSON.stringify(toKey(value)) + mark;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => writeWithKeys(item ?? null, toKey)).join(",")}]`;
  const fields = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}:${writeWithKeys(item, toKey)}`);
  return `{${fields.join(",")}}`;
}

/** The JSON text with its large strings back in their places. */
export function restoreLargeStrings(text: string, fromKey: (key: string) => string): string {
  if (!text.includes(mark)) return text;
  return text
    .split(mark)
    .map((part, index) => (index % 2 === 0 ? part : JSON.stringify(fromKey(trustType<string>(JSON.parse(part))))))
    .join("");
}
