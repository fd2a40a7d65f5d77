import { createVerifier, defineRequirements, type Requirements, type Verifier } from "./requirement.ts";

/**
 * What component documents owe: the rows of AutoGen's conformance lists about configuration (AgentChat, core section J, extensions section A), and
 * what ours must do besides. The real AutoGen judges in `e2e/autogen`.
 */
export const requirements: Requirements = defineRequirements([
  // AgentChat
  {
    id: "chat-18",
    kind: "parity",
    text: "A context survives dump and load for assistants, societies and agents that run code.",
  },
  {
    id: "chat-43",
    kind: "replaced",
    text: "Function tools and workbenches survive dump and load with equal schemas; old documents with a list of tools still load.",
    replacedBy: "a tool is the program's own, by its name: AutoGen's carries source code that is run on load",
  },
  {
    id: "chat-54",
    kind: "parity",
    text: "The document of an assistant keeps name, description, system message (also null), streaming, reflection, rounds, metadata, memory, handoffs, output.",
  },
  {
    id: "chat-66",
    kind: "parity",
    text: "An approval function without a name cannot be dumped; without one the agent, its model included, can.",
  },
  {
    id: "chat-90",
    kind: "parity",
    text: "Dump and load of all kinds of teams is stable, with the providers and types that AutoGen names.",
  },
  {
    id: "chat-153",
    kind: "better",
    text: "A graph whose edges have functions comes back with them by name, or is not dumped.",
  },
  // Core, section J
  { id: "core-68", kind: "parity", text: "Dump, JSON and load give every component back, with what is nested in it." },
  {
    id: "core-69",
    kind: "parity",
    text: "Provider, type, versions, label and description are there; what is not set is not in the config.",
  },
  {
    id: "core-70",
    kind: "parity",
    text: "A provider and a config are enough to load; a wrong config and a wrong kind are errors.",
  },
  { id: "core-71", kind: "parity", text: "An older version is upgraded, or refused; aliases resolve." },
  {
    id: "core-72",
    kind: "replaced",
    text: "A namespace that is not trusted is refused; a variable extends the list, by whole names.",
    replacedBy: "only what the program registered exists; no variable and no test module widens it",
  },
  { id: "core-73", kind: "better", text: "A newer version is refused; secrets are dumped as references and restored." },
  // What AutoGen's documents do wrong
  { id: "core-S4", kind: "better", text: "No document runs code, whatever its provider is called." },
  { id: "core-S5", kind: "better", text: "Secrets are references, and come back as what they were." },
  { id: "core-S6", kind: "better", text: "Loading changes nothing in a document, and refuses a newer version." },
  { id: "core-S7", kind: "better", text: "A context that was loaded works on real messages." },
  // Extensions, section A
  { id: "ext-1", kind: "parity", text: "Dumping a client and loading the document yields an equal client." },
  {
    id: "ext-2",
    kind: "replaced",
    text: "A provider outside trusted namespaces is refused; adding its prefix to a variable lets it load.",
    replacedBy: "registering a component lets it load",
  },
  { id: "ext-3", kind: "parity", text: "The short aliases of clients load the same as the full names." },
  { id: "ext-4", kind: "parity", text: "An old version without an upgrade is an error that names the component." },
  { id: "ext-5", kind: "parity", text: "A tool where a model belongs is an error." },
  { id: "ext-6", kind: "better", text: "A document with a reference in the place of a key survives JSON and works." },
  // Ours
  {
    id: "component-1",
    kind: "better",
    text: "A hostile document runs nothing and ends in a typed error that names the place.",
  },
  { id: "component-2", kind: "better", text: "A document never holds a secret, whatever the component was given." },
  { id: "component-3", kind: "better", text: "Documents that AutoGen wrote load and run, and come back in its words." },
  { id: "component-4", kind: "better", text: "A conversation that AutoGen saved goes on with the right speaker." },
  {
    id: "component-5",
    kind: "better",
    text: "The schema for editors takes what is dumped, and refuses what does not load.",
  },
]);

const verifier: Verifier = createVerifier(requirements);

/** Declares a test that verifies a row. */
export const verifies: Verifier["verifies"] = (id, name, verify) => verifier.verifies(id, name, verify);
