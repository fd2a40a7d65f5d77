import { type DiGraph, graphToMermaid, graphToText } from "@troupe/agentchat";
import { describe, expect, it } from "vitest";

const graph: DiGraph = {
  nodes: [
    { name: "plan", edges: [{ target: "end" }, { target: "web" }, { target: "stop", on: "error" }] },
    { name: "end", edges: [{ target: "join" }] },
    { name: "web", edges: [{ target: "join" }] },
    {
      name: "join",
      activation: "any",
      edges: [
        { target: "join", condition: 'say "#again"\n<now>', activationGroup: "back" },
        { target: "stop", condition: { name: "isDone", test: () => true }, activationGroup: "done" },
        { target: "stop", condition: () => true, activationGroup: "other" },
      ],
    },
    { name: "stop" },
  ],
};

describe("a graph", () => {
  it("is shown as text", () => {
    expect(graphToText(graph)).toBe(
      [
        "plan (start)",
        "  -> end",
        "  -> web",
        "  ~> stop  error [stop]",
        "end",
        "  -> join  [join]",
        "web",
        "  -> join  [join]",
        "join (starts at any)",
        '  -> join  "say \\"#again\\"\\n<now>" [back]',
        "  -> stop  isDone() [done]",
        "  -> stop  condition() [other]",
        "stop (leaf)",
      ].join("\n"),
    );
  });

  it("is drawn as a flowchart, with ids and labels that Mermaid takes for what they are", () => {
    expect(graphToMermaid(graph)).toBe(
      [
        "flowchart TD",
        '  n0(["plan"])',
        '  n1["end"]',
        '  n2["web"]',
        '  n3["join (any)"]',
        '  n4["stop"]',
        "  n0 --> n1",
        "  n0 --> n2",
        '  n0 -.->|"error [stop]"| n4',
        '  n1 -->|"[join]"| n3',
        '  n2 -->|"[join]"| n3',
        '  n3 -->|"#quot;say \\#quot;#35;again\\#quot;\\n#lt;now#gt;#quot; [back]"| n3',
        '  n3 -->|"isDone() [done]"| n4',
        '  n3 -->|"condition() [other]"| n4',
      ].join("\n"),
    );
  });
});
