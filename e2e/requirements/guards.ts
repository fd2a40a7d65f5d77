import { createVerifier, defineRequirements, type Requirements, type Verifier } from "./requirement.ts";

/** What keeps a run from running away, and its tools from doing what they must not: what users of every agent framework ask for. */
export const requirements: Requirements = defineRequirements([
  // Loops
  {
    id: "guard-1",
    kind: "better",
    text: "A model that repeats one call with one result is stopped the third time, and the cycle is named.",
  },
  { id: "guard-2", kind: "better", text: "Agents that say the same to each other are stopped, in nested teams too." },
  { id: "guard-3", kind: "better", text: "A run of 60 calls with changing arguments is not stopped." },
  { id: "guard-4", kind: "better", text: "What is left of a stopped run is its messages and a history that works." },
  // Policies
  { id: "guard-5", kind: "better", text: "Arguments that do not fit reach neither a policy nor a person." },
  {
    id: "guard-6",
    kind: "better",
    text: "Schema, policy, person, policy again, run: a yes is for the arguments that were shown, and changed ones void it.",
  },
  {
    id: "guard-7",
    kind: "better",
    text: "A policy that allows only what it lists lets nothing else run: tools, workbenches, programs, handoffs.",
  },
  {
    id: "guard-8",
    kind: "better",
    text: "The strictest policy of the teams around an agent counts; each decision is an event.",
  },
  // Context
  {
    id: "guard-13",
    kind: "better",
    text: "A run's context reaches tools, policies and prompts, typed, and no model, other run, event or store row.",
  },
  {
    id: "guard-14",
    kind: "better",
    text: "A run that goes on in another process asks for its context again, unless it is stored.",
  },
  // Silence
  {
    id: "guard-11",
    kind: "better",
    text: "A run in which nothing happens is reported with the name of what is awaited.",
  },
  {
    id: "guard-12",
    kind: "better",
    text: "It ends as stalled after a second period when it shall; a question is no stall.",
  },
  {
    id: "guard-10",
    kind: "better",
    text: "In a team with an output, the first valid finish call ends the run with it, typed; invalid ones are told to the model.",
  },
  { id: "guard-9", kind: "better", text: "A policy on trial is recorded and does not count; a broken one denies." },
]);

const verifier: Verifier = createVerifier(requirements);

/** Declares a test that verifies a row. */
export const verifies: Verifier["verifies"] = (id, name, verify) => verifier.verifies(id, name, verify);
