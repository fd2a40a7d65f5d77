import { watcherName } from "./watch-promises.ts";

/**
 * JavaScript that prepares a fresh QuickJS context, evaluated before the program: an expression whose value is a function of
 * `(print, readFile, fileNames, maxText)` that defines the globals and returns `[describe, describeForgotten]`:
 * they word a thrown value, and what a promise left to nobody was rejected with.
 *
 * It takes what it needs from the built-ins at once, so that a program that changes them breaks only itself.
 */
export const guestPrelude: string = String.raw`(function (print, readHostFile, fileNames, maxText) {
  "use strict";
  const uncurry = (method) => Function.prototype.call.bind(method);
  const slice = uncurry(String.prototype.slice), join = uncurry(Array.prototype.join), has = uncurry(Object.prototype.hasOwnProperty);
  const replace = uncurry(String.prototype.replace), test = uncurry(RegExp.prototype.test), tagOf = uncurry(Object.prototype.toString);
  const mapForEach = uncurry(Map.prototype.forEach), setForEach = uncurry(Set.prototype.forEach), dateText = uncurry(Date.prototype.toISOString);
  const { keys, getPrototypeOf, getOwnPropertySymbols, getOwnPropertyDescriptor, defineProperty, freeze } = Object;
  const { isArray } = Array, { stringify } = JSON, E = Error, T = TypeError, S = String, max = Math.max, min = Math.min;
  const symbolText = uncurry(Symbol.prototype.toString), padEnd = uncurry(String.prototype.padEnd), repeat = uncurry(String.prototype.repeat);
  const isView = ArrayBuffer.isView, isInstance = (value, type) => { try { return value instanceof type; } catch { return false; } };
  const maxItems = 100, maxDepth = 4, lineWidth = 72;

  const quote = (text) => "'" + replace(slice(stringify(text), 1, -1), /\\"|'/g, (found) => (found === "'" ? "\\'" : '"')) + "'";
  const nameOf = (value) => {
    const prototype = getPrototypeOf(value);
    if (prototype === null) return "[Object: null prototype]";
    const maker = getOwnPropertyDescriptor(prototype, "constructor");
    return maker && typeof maker.value === "function" ? S(maker.value.name) : "";
  };
  const wrap = (open, parts, close) => {
    if (parts.length === 0) return open + close;
    let width = open.length + close.length, isLong = false;
    for (const part of parts) { width += part.length + 2; isLong = isLong || test(/\n/, part); }
    if (width <= lineWidth && !isLong) return open + " " + join(parts, ", ") + " " + close;
    return open + "\n  " + replace(join(parts, ",\n"), /\n/g, "\n  ") + "\n" + close;
  };
  const member = (value, key, seen, depth) => {
    const found = getOwnPropertyDescriptor(value, key);
    if (found && (found.get || found.set)) return found.get ? (found.set ? "[Getter/Setter]" : "[Getter]") : "[Setter]";
    return inspect(found ? found.value : undefined, seen, depth);
  };
  const keyText = (key) => (typeof key === "symbol" ? "[" + symbolText(key) + "]" : test(/^[A-Za-z_$][\w$]*$/, key) ? key : quote(key));
  const list = (value, seen, depth) => {
    const parts = [];
    let holes = 0;
    const flush = () => { if (holes > 0) parts[parts.length] = "<" + holes + " empty item" + (holes > 1 ? "s" : "") + ">"; holes = 0; };
    for (let index = 0; index < min(value.length, maxItems); index++) {
      if (!has(value, index)) { holes++; continue; }
      flush();
      parts[parts.length] = member(value, index, seen, depth);
    }
    flush();
    if (value.length > maxItems) parts[parts.length] = "... " + (value.length - maxItems) + " more items";
    return parts;
  };
  const members = (value, seen, depth) => {
    const parts = [], names = keys(value), symbols = getOwnPropertySymbols(value);
    for (const key of names) {
      if (isArray(value) && test(/^\d+$/, key)) continue;
      if (parts.length >= maxItems) { parts[parts.length] = "... more"; return parts; }
      parts[parts.length] = keyText(key) + ": " + member(value, key, seen, depth);
    }
    for (const key of symbols) parts[parts.length] = keyText(key) + ": " + member(value, key, seen, depth);
    return parts;
  };
  const errorText = (error, seen, depth) => {
    const stack = typeof error.stack === "string" ? replace(error.stack, /\s+$/, "") : "";
    const head = S(error.name) + (error.message ? ": " + S(error.message) : "");
    const extra = has(error, "cause") ? "\n  [cause]: " + replace(inspect(error.cause, seen, depth), /\n/g, "\n  ") : "";
    return head + (stack ? "\n" + stack : "") + extra;
  };
  function inspect(value, seen, depth) {
    switch (typeof value) {
      case "string": return quote(value.length > 10000 ? slice(value, 0, 10000) + "... " + (value.length - 10000) + " more characters" : value);
      case "number": return value === 0 && 1 / value < 0 ? "-0" : S(value);
      case "bigint": return S(value) + "n";
      case "symbol": return symbolText(value);
      case "function": return test(/^class\b/, S(value)) ? "[class " + (value.name || "(anonymous)") + "]" : "[Function" + (value.name ? ": " + S(value.name) : " (anonymous)") + "]";
      case "object": if (value !== null) return object(value, seen, depth);
    }
    return S(value);
  }
  function object(value, seen, depth) {
    for (let at = seen; at; at = at.next) if (at.value === value) return "[Circular]";
    const inner = { value, next: seen }, name = nameOf(value);
    if (isInstance(value, E)) return errorText(value, inner, depth + 1);
    if (isInstance(value, Date)) { try { return dateText(value); } catch { return "Invalid Date"; } }
    if (isInstance(value, RegExp)) return S(value);
    if (isInstance(value, Promise)) return "Promise {}";
    if (depth > maxDepth) return isArray(value) ? "[Array]" : "[" + (name || "Object") + "]";
    const parts = [];
    if (isInstance(value, Map)) {
      mapForEach(value, (item, key) => { if (parts.length < maxItems) parts[parts.length] = inspect(key, inner, depth + 1) + " => " + inspect(item, inner, depth + 1); });
      return wrap("Map(" + value.size + ") {", parts, "}");
    }
    if (isInstance(value, Set)) {
      setForEach(value, (item) => { if (parts.length < maxItems) parts[parts.length] = inspect(item, inner, depth + 1); });
      return wrap("Set(" + value.size + ") {", parts, "}");
    }
    if (isArray(value)) return wrap(name === "Array" ? "[" : name + "(" + value.length + ") [", [...list(value, inner, depth + 1), ...members(value, inner, depth + 1)], "]");
    if (isView(value) && typeof value.length === "number") return wrap(name + "(" + value.length + ") [", list(value, inner, depth + 1), "]");
    return wrap(name === "Object" || name === "" ? "{" : name + " {", members(value, inner, depth + 1), "}");
  }
  const show = (value) => {
    if (typeof value === "string") return value;
    try { return inspect(value, undefined, 0); } catch (error) { return "[a value that cannot be shown]"; }
  };
  const format = (values) => {
    const parts = [];
    let from = 0;
    if (typeof values[0] === "string" && values.length > 1 && test(/%[sdifjoO%]/, values[0])) {
      from = 1;
      parts[0] = replace(values[0], /%([sdifjoO%])/g, (found, kind) => {
        if (kind === "%") return "%";
        if (from >= values.length) return found;
        const value = values[from++];
        if (kind === "s") return show(value);
        if (kind === "j") return S(stringify(value));
        if (kind === "d") return typeof value === "object" ? "NaN" : S(Number(value));
        if (kind === "i") return S(parseInt(value, 10));
        return kind === "f" ? S(parseFloat(value)) : inspect(value, undefined, 0);
      });
    }
    for (; from < values.length; from++) parts[parts.length] = show(values[from]);
    return join(parts, " ");
  };
  let indent = "";
  const write = (text) => {
    const shown = text.length > maxText ? slice(text, 0, maxText) : text;
    print((indent === "" ? shown : indent + replace(shown, /\n/g, "\n" + indent)) + "\n");
  };
  const table = (rows) => {
    if (typeof rows !== "object" || rows === null) return write(show(rows));
    const columns = [], lines = [];
    for (const key of keys(rows)) {
      const row = rows[key], isRow = typeof row === "object" && row !== null;
      const cells = { __proto__: null };
      for (const name of isRow ? keys(row) : ["Values"]) {
        let isKnown = false;
        for (const known of columns) if (known === name) isKnown = true;
        if (!isKnown) columns[columns.length] = name;
        cells[name] = show(isRow ? row[name] : row);
      }
      lines[lines.length] = [key, cells];
    }
    const grid = [["(index)", ...columns]];
    for (const [key, cells] of lines) {
      const line = [key];
      for (const name of columns) line[line.length] = cells[name] === undefined ? "" : cells[name];
      grid[grid.length] = line;
    }
    const widths = [];
    for (const line of grid) for (let at = 0; at < line.length; at++) widths[at] = max(widths[at] || 0, line[at].length);
    grid.forEach((line, index) => {
      const cells = [];
      for (let at = 0; at < line.length; at++) cells[at] = padEnd(line[at], widths[at]);
      write(replace(join(cells, " | "), / +$/, ""));
      if (index === 0) { const rules = []; for (const width of widths) rules[rules.length] = repeat("-", width); write(join(rules, "-|-")); }
    });
  };
  const counts = { __proto__: null };
  const log = (...values) => write(format(values));
  const define = (name, value) => defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  define("console", {
    log, info: log, debug: log, warn: log, error: log,
    trace: (...values) => write("Trace: " + format(values)),
    dir: (value) => write(show(value)),
    table,
    assert: (isTrue, ...values) => { if (!isTrue) write("Assertion failed" + (values.length ? ": " + format(values) : "")); },
    group: (...values) => { if (values.length) log(...values); indent += "  "; },
    groupEnd: () => { indent = slice(indent, 2); },
    count: (label = "default") => write(label + ": " + (counts[label] = (counts[label] || 0) + 1)),
    time: () => {}, timeEnd: () => {}, timeLog: () => {},
  });

  const available = "Available: standard JavaScript, console.log, " +
    (fileNames.length === 0 ? "no files." : "readFile(name) and files[name] for " + join(fileNames.slice(0, 20).map((name) => stringify(name)), ", ") + (fileNames.length > 20 ? " and " + (fileNames.length - 20) + " more." : "."));
  const refuse = (what) => { throw new E(what + " is not available in this sandbox: no modules, no network, no disk, no timers. " + available); };
  define("require", (name) => refuse("require(" + stringify(name) + ")"));
  define("fetch", () => refuse("fetch"));
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) define(name, () => refuse(name));
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) define(name, () => {});
  define("structuredClone", (value) => JSON.parse(stringify(value)));
  const readFile = (name) => {
    if (typeof name !== "string") throw new T("readFile needs the name of a file as a string. " + available);
    const text = readHostFile(name);
    if (text === undefined) throw new E("There is no file " + stringify(name) + ". " + available);
    return text;
  };
  define("readFile", readFile);
  const files = { __proto__: null };
  for (const name of fileNames) {
    let text;
    defineProperty(files, name, { enumerable: true, get: () => (text === undefined ? (text = readFile(name)) : text) });
  }
  define("files", freeze(files));

  // The first rejection of a promise that the program left to nobody (see watch-promises.ts).
  let forgotten;
  const then = uncurry(Promise.prototype.then), GuestPromise = Promise;
  const watch = (value) => {
    if (isArray(value)) { for (let at = 0; at < value.length; at++) if (isInstance(value[at], GuestPromise)) watch(value[at]); }
    else if (typeof value === "object" && value !== null && isInstance(value, GuestPromise)) then(value, undefined, (error) => { if (!forgotten) forgotten = { error }; });
    return value;
  };
  defineProperty(globalThis, "${watcherName}", { value: watch });

  const describe = (thrown) => {
    if (isInstance(thrown, E)) {
      let cause = "";
      try { if (has(thrown, "cause")) cause = show(thrown.cause); } catch {}
      return stringify({ name: S(thrown.name), message: S(thrown.message), stack: S(thrown.stack || ""), cause });
    }
    return stringify({ name: "", message: show(thrown), stack: "", cause: "" });
  };
  const describeForgotten = () => (forgotten ? describe(forgotten.error) : "");
  return [describe, describeForgotten];
})`;
