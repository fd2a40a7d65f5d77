import { createVerifier, defineRequirements, type Requirements, type Verifier } from "./requirement.ts";

/** Conversations that fit and are valid, and answers that are data, of any model: what users of every agent framework ask for. */
export const requirements: Requirements = defineRequirements([
  // Conversations
  {
    id: "history-valid",
    kind: "better",
    text: "Histories of agents that are cancelled, interrupted, trimmed and handed over are valid for every provider.",
  },
  {
    id: "history-window",
    kind: "better",
    text: "A chat of 200,000 tokens goes on with a window of 8,000; an event says what is left out; what is kept stays whole.",
  },
  {
    id: "history-overflow",
    kind: "better",
    text: "A request that the provider finds too long is sent once more, shorter.",
  },
  {
    id: "history-summary",
    kind: "better",
    text: "A rolling summary is made once per growth, and the next process goes on with it.",
  },
  { id: "history-results", kind: "better", text: "Old results of tools can be cleared without losing a pair." },
  {
    id: "history-reflection",
    kind: "better",
    text: "A reflection sees its tools and the whole of the newest calls, however small the context.",
  },
  // Answers that are data
  {
    id: "output-ladder",
    kind: "better",
    text: "An agent answers with data on models with a schema mode, with tools, with JSON, and with none of these.",
  },
  {
    id: "output-bad",
    kind: "better",
    text: "200 bad outputs are taken for what they say, repaired, or end in a typed error: never in a wrong value.",
  },
  {
    id: "output-partial",
    kind: "better",
    text: "Data is shown while it is written, each picture larger than the last, for agents and teams, typed as a deep partial.",
  },
]);

const verifier = createVerifier(requirements);

/** Declares a test that verifies a row. */
export const verifies: Verifier["verifies"] = (id, name, verify) => verifier.verifies(id, name, verify);
