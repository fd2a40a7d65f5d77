import { createVerifier, defineRequirements, type Requirements, type Verification } from "./requirement.ts";

/** What models and their contexts owe: section K of AutoGen's conformance list as far as it is about them, and weak point S8. */
export const requirements: Requirements = defineRequirements([
  { id: "llm-74", kind: "parity", text: "Model messages of every kind, images included, survive JSON unchanged." },
  {
    id: "llm-74-type",
    kind: "replaced",
    text: "Messages are told apart by a member `type`.",
    replacedBy: "`role` for messages and `kind` for parts and results, as in every other union of ours",
  },
  {
    id: "llm-75",
    kind: "replaced",
    text: "Model information without vision, function_calling, json_output or family is an error; families have predicates.",
    replacedBy:
      "capabilities as data: known by family, honest defaults otherwise, overridden one by one; nothing is required",
  },
  {
    id: "llm-76-buffered",
    kind: "parity",
    text: "A buffered context shows the last n messages, without results whose call is cut off.",
  },
  {
    id: "llm-76-head-and-tail",
    kind: "parity",
    text: "A head-and-tail context shows both ends with `Skipped N messages.` between them, and everything when it fits.",
  },
  {
    id: "llm-76-token-limited",
    kind: "parity",
    text: "A token-limited context drops from the middle until the view fits.",
  },
  { id: "llm-76-sizes", kind: "parity", text: "Sizes that are not above zero are refused when the context is made." },
  {
    id: "llm-77-state",
    kind: "replaced",
    text: "Contexts save, load and clear their messages.",
    replacedBy:
      "contexts hold no messages: they are pure policies over the session's list, which is saved with its run",
  },
  { id: "llm-77-units", kind: "better", text: "No view splits a call from its results." },
  { id: "llm-77-real", kind: "better", text: "A history that was saved and loaded gives the same view as before." },
  { id: "llm-S8-leak", kind: "better", text: "A view cannot be used to change what a context does later." },
  { id: "llm-S8-count", kind: "better", text: "`Skipped N messages.` counts the messages that are really missing." },
  {
    id: "llm-S8-recount",
    kind: "better",
    text: "A token limit counts each message once and keeps calls with their results.",
  },
]);

const verifier = createVerifier(requirements);

/** Declares a test of a row about models. */
export function verifies(id: string, name: string, verify: Verification): void {
  verifier.verifies(id, name, verify);
}
