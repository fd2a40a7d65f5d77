import { describe, expect, it } from "vitest";
import { formatCell, formatKey, parseCell, parseKey } from "./cell-address.ts";

describe("addresses in a session's cell", () => {
  it("keep sessions apart whose ids hold slashes and percent signs", () => {
    const addresses = ["a", "a/b", "a%2Fb", "%", "", "ada/é"].flatMap((sessionId) => [
      { sessionId, path: [] },
      { sessionId, path: ["b"] },
      { sessionId, path: ["inner", "b"] },
    ]);
    const keys = addresses.map(formatKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.map(parseKey)).toEqual(addresses);
    for (const { sessionId, path } of addresses)
      expect(parseCell(formatCell("team", formatKey({ sessionId, path })))).toEqual({ runner: "team", sessionId });
    const cells = new Set(addresses.map((address) => formatCell("team", formatKey(address))));
    expect(cells.size).toBe(6);
  });
});
