// Two agents pack six parcels, slowly enough to be killed by hand; offline, without a key. Every parcel leaves a line in packed.txt:
// an effect outside that nothing can take back, so nothing may do it twice.
import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  AssistantAgent,
  MaxMessageTermination,
  type ModelRequest,
  RoundRobinGroupChat,
  TextMentionTermination,
  tool,
} from "troupe";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";

const parcels = 6;
const thinkingMs = 300;

const pack = tool({
  name: "pack",
  description: "Packs a parcel",
  input: z.object({ parcel: z.number() }),
  execute: ({ parcel }) => {
    appendFileSync("packed.txt", `parcel ${parcel}, by process ${process.pid}\n`);
    return `parcel ${parcel} is packed`;
  },
});

/** What the agent has said itself, or was told: words only. */
const textsOf = ({ messages }: ModelRequest, role: "user" | "assistant"): string[] =>
  messages.flatMap((message) =>
    message.role === role ? message.content.flatMap((part) => (part.kind === "text" ? [part.text] : [])) : [],
  );

const packer = new AssistantAgent({
  name: "packer",
  model: new ScriptedModel(async (request) => {
    await pause(thinkingMs);
    const parcel = textsOf(request, "assistant").length + 1;
    return request.messages.at(-1)?.role === "tool" ? `Parcel ${parcel} is ready.` : reply.toolCall("pack", { parcel });
  }),
  tools: [pack],
});

const checker = new AssistantAgent({
  name: "checker",
  model: new ScriptedModel(async (request) => {
    await pause(thinkingMs);
    const count = textsOf(request, "user").filter((text) => /Parcel \d+ is ready/.test(text)).length;
    return count < parcels ? `${count} of ${parcels}. The next one, please.` : `${count} of ${parcels}: ALL PACKED.`;
  }),
});

export const team = new RoundRobinGroupChat({
  name: "parcels",
  participants: [packer, checker],
  termination: new TextMentionTermination("ALL PACKED", { sources: ["checker"] }).or(new MaxMessageTermination(40)),
});
