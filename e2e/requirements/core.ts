import { createVerifier, defineRequirements, type Requirements, type Verifier } from "./requirement.ts";

/**
 * What the core owes: the conformance list of AutoGen's core runtime (sections A to H; wire and component rows belong to their
 * packages) and the weak points of its in-process runtime (R) and serialization (S).
 */
export const requirements: Requirements = defineRequirements([
  // A. Identity
  {
    id: "core-1",
    kind: "parity",
    text: "Agent types take letters and digits of any script, _ - and . and nothing else.",
  },
  { id: "core-2", kind: "parity", text: "Topic types take : and = besides." },
  {
    id: "core-3",
    kind: "parity",
    text: "Keys and sources may be empty; parsing splits at the first slash, without one it fails.",
  },
  { id: "core-4", kind: "parity", text: "Text forms are type/key and type/source; equality is by value." },
  {
    id: "core-5",
    kind: "replaced",
    text: "The default topic is default/default outside handlers and default/<key> inside.",
    replacedBy: "defaultTopic(source): a handler passes context.id.key, so nothing depends on ambient state",
  },
  { id: "core-7", kind: "better", text: "Agent types are validated when they are defined and registered." },
  // B. Serialization
  {
    id: "core-8",
    kind: "parity",
    text: "The name on the wire is the bare name of a JSON type, the full name of a protobuf type.",
  },
  {
    id: "core-10",
    kind: "parity",
    text: "Unknown payloads decode to their raw bytes; encoding an unknown type fails at the caller.",
  },
  { id: "core-11", kind: "parity", text: "JSON readers accept spaced and compact, escaped and raw UTF-8." },
  { id: "core-12", kind: "better", text: "Nested, optional and union fields are supported by the schema." },
  { id: "core-13", kind: "better", text: "Two types with one name on the wire fail at registration." },
  // C. Subscriptions
  { id: "core-14", kind: "parity", text: "A type subscription matches its type only and maps the source to the key." },
  { id: "core-15", kind: "parity", text: "A prefix subscription matches the bare prefix and longer types." },
  {
    id: "core-16",
    kind: "parity",
    text: "An equal subscription is refused: same id or same fields; default equals type default.",
  },
  { id: "core-17", kind: "parity", text: "Removing stops delivery, an unknown id is an error, adding again works." },
  {
    id: "core-18",
    kind: "parity",
    text: "Mapping a topic that does not match is an error; so is a subscription without an agent type.",
  },
  {
    id: "core-19",
    kind: "replaced",
    text: "Subscriptions declared on a class are not inherited and can be skipped.",
    replacedBy: "the subscriptions list of defineAgent: two definitions share nothing but what they are given",
  },
  { id: "core-20", kind: "parity", text: "Registration adds the direct topic <type>: unless told not to." },
  { id: "core-21", kind: "parity", text: "Recipients are those subscribed when the message is delivered." },
  { id: "core-22", kind: "better", text: "An agent gets a message once, even when several subscriptions match." },
  // D. Agents and routing
  { id: "core-23", kind: "parity", text: "Dispatch is by exact message type." },
  {
    id: "core-24",
    kind: "replaced",
    text: "Handlers of one type are tried in alphabetical order and by their match functions.",
    replacedBy: "one handler for each message type, checked at definition; a condition is code inside it",
  },
  {
    id: "core-25",
    kind: "replaced",
    text: "Event handlers do not get requests, request handlers no events.",
    replacedBy: "the message type: an event cannot be sent and a request cannot be published",
  },
  { id: "core-26", kind: "parity", text: "A reply that does not fit its schema is an error." },
  { id: "core-27", kind: "parity", text: "An event that nobody handles is ignored, visibly." },
  { id: "core-28", kind: "better", text: "A request that nobody handles fails with a typed error." },
  {
    id: "core-29",
    kind: "replaced",
    text: "Closure agents warn, fail or ignore for types they do not declare; a catch-all closure gets everything.",
    replacedBy:
      "on.unknown: with it an agent gets every event it does not otherwise handle, without it they are ignored visibly",
  },
  {
    id: "core-30",
    kind: "replaced",
    text: "Ambient contexts are valid only in factories, subscriptions and handlers.",
    replacedBy: "the context argument, which refuses every call once its attempt is over",
  },
  { id: "core-31", kind: "better", text: "Concurrent first messages make one instance." },
  {
    id: "core-32",
    kind: "replaced",
    text: "Factories must return the declared class; an instance and a factory cannot share a type.",
    replacedBy: "definitions: nothing but what defineAgent returns can be registered, and a type only once",
  },
  {
    id: "core-33",
    kind: "replaced",
    text: "Instances can be registered under an id; a duplicate is refused.",
    replacedBy: "virtual actors: every key of a definition exists by being addressed",
  },
  // E. In-process runtime
  { id: "core-34", kind: "parity", text: "A request returns the handler's value; its error reaches the caller." },
  { id: "core-35", kind: "parity", text: "An unknown recipient is a typed error, not a hang." },
  {
    id: "core-36",
    kind: "parity",
    text: "A publish reaches all matching agents but the sender; other keys of its type do get it.",
  },
  {
    id: "core-37",
    kind: "replaced",
    text: "Starting twice fails, stopping when not running fails, restarting works.",
    replacedBy:
      "a runtime runs from construction to close; close is safe twice, and a new runtime on the same store goes on",
  },
  {
    id: "core-38",
    kind: "replaced",
    text: "Messages sent before the start are handled after it.",
    replacedBy: "a runtime runs from construction on: a message is handled once its agent is registered",
  },
  {
    id: "core-39",
    kind: "parity",
    text: "Waiting for idle waits for cascades: 5 agents, 5 messages, 5 rounds give 1,705 calls each.",
  },
  { id: "core-40", kind: "parity", text: "Messages for one agent are handled in the order sent." },
  {
    id: "core-41",
    kind: "replaced",
    text: "Errors in event handlers are ignored by default, or end the loop.",
    replacedBy: "dead letters, the logger and the observer: no error is lost and none stops the runtime",
  },
  {
    id: "core-42",
    kind: "better",
    text: "A failing handler does not affect other recipients; all errors are reported.",
  },
  { id: "core-43", kind: "better", text: "Closing settles every waiting caller with a typed error, within a bound." },
  {
    id: "core-44",
    kind: "better",
    text: "Idle is reached after drops, intervention errors, cancelled callers and unserialisable values.",
  },
  { id: "core-45", kind: "better", text: "The runtime survives every combination of cancel, drop and error." },
  { id: "core-46", kind: "better", text: "Publishing to a slow agent is held back; memory stays bounded." },
  { id: "core-47", kind: "better", text: "Sender ids that nobody registered are harmless." },
  { id: "core-48", kind: "better", text: "Idle agents leave memory and come back with their state." },
  { id: "core-49", kind: "better", text: "Two handlers of one agent never interleave." },
  { id: "core-50", kind: "better", text: "Closing tells every live agent, also when one of them throws." },
  // F. Interventions
  {
    id: "core-51",
    kind: "parity",
    text: "Hooks run once for each message; handler and caller see what they returned.",
  },
  {
    id: "core-52",
    kind: "parity",
    text: "A drop is a typed error for a request, silence for a publish, and an event for the observer.",
  },
  {
    id: "core-53",
    kind: "parity",
    text: "An error in a hook reaches the caller; after onSend the handler has not run.",
  },
  { id: "core-54", kind: "better", text: "Hooks chain in order; undefined means unchanged, with a warning." },
  // G. Cancellation
  {
    id: "core-55",
    kind: "parity",
    text: "Aborting gives the caller the reason and stops what the handler does, nested requests included.",
  },
  {
    id: "core-56",
    kind: "replaced",
    text: "Callbacks and futures linked to a cancelled token fire at once; cancelling twice is harmless.",
    replacedBy: "AbortSignal; linkSignal passes on an abort that has happened before",
  },
  { id: "core-57", kind: "better", text: "A message cancelled before delivery never reaches its handler." },
  {
    id: "core-58",
    kind: "better",
    text: "Listeners on a signal neither block nor suppress one another, and are removed after settlement.",
  },
  // H. State
  {
    id: "core-60",
    kind: "replaced",
    text: "State is saved as type/key to JSON for live agents and loads into a fresh runtime.",
    replacedBy: "snapshot and restore of any agent, live or not; unknown types are a typed error",
  },
  // R. Weak points of the in-process runtime
  {
    id: "core-R1",
    kind: "better",
    text: "A drop or an exception in a hook leaves nothing unfinished: idle is reached.",
  },
  { id: "core-R2", kind: "better", text: "Dropping a message whose caller has cancelled does not stop the runtime." },
  {
    id: "core-R3",
    kind: "better",
    text: "A handler that throws after its caller cancelled leaves nothing unfinished.",
  },
  { id: "core-R4", kind: "better", text: "Intervention handlers compose." },
  { id: "core-R5", kind: "better", text: "A hook that returns nothing changes nothing." },
  {
    id: "core-R6",
    kind: "better",
    text: "Closing leaves no caller hanging, neither queued nor in flight, and nothing leaks into a new runtime.",
  },
  {
    id: "core-R7",
    kind: "better",
    text: "A reply or request that is not JSON is a typed error at the caller, never a hang.",
  },
  {
    id: "core-R8",
    kind: "better",
    text: "A failing recipient or an unknown sender does not cancel a publish for the others.",
  },
  {
    id: "core-R9",
    kind: "better",
    text: "Idle waits for all handlers, also after one has failed, and no error is lost.",
  },
  { id: "core-R10", kind: "better", text: "An event handler's error is reported when it happens and hangs nobody." },
  { id: "core-R11", kind: "better", text: "Concurrent first messages share one activation and lose no state." },
  { id: "core-R12", kind: "better", text: "One agent handles one message at a time." },
  { id: "core-R13", kind: "better", text: "Queues are bounded and senders are held back." },
  { id: "core-R14", kind: "better", text: "A cancelled message that still waits is not handled." },
  {
    id: "core-R15",
    kind: "better",
    text: "Without logger, observer and tracer nothing is computed for them; tracing activates no agent.",
  },
  { id: "core-R16", kind: "better", text: "A sender of an unregistered type breaks nothing." },
  { id: "core-R17", kind: "better", text: "Nothing is kept for each topic source or finished agent." },
  {
    id: "core-R18",
    kind: "better",
    text: "Adding and removing a subscription costs the same however many topics were seen.",
  },
  { id: "core-R19", kind: "better", text: "Overlapping subscriptions deliver once." },
  { id: "core-R20", kind: "better", text: "Closing goes on when one agent fails to close." },
  { id: "core-R21", kind: "better", text: "Registration happens whole or not at all." },
  { id: "core-R22", kind: "better", text: "A request without a handler is an error, not a null." },
  { id: "core-R23", kind: "better", text: "Unknown recipients and subscriptions are typed errors with a code." },
  {
    id: "core-R24",
    kind: "better",
    text: "Restoring unknown agent types or newer data is refused, not skipped in silence.",
  },
  {
    id: "core-R25",
    kind: "better",
    text: "Agent types are checked, and no subscription appears that nobody asked for.",
  },
  {
    id: "core-R26",
    kind: "better",
    text: "Cancelling from inside a listener works; a throwing listener suppresses no other; listeners are removed.",
  },
  { id: "core-R27", kind: "better", text: "A span's parent is given, never guessed from what happened to be current." },
  // S. Serialization
  { id: "core-S1", kind: "better", text: "A name collision of two message types is an error." },
  {
    id: "core-S2",
    kind: "better",
    text: "Payloads are validated in both directions; unknown keys and optional fields are the schema's choice.",
  },
  {
    id: "core-S3",
    kind: "replaced",
    text: "Reply types must be registered by hand.",
    replacedBy: "the reply schema belongs to the request type: registering its handler registers both",
  },
]);

const verifier = createVerifier(requirements);

/** Declares a test of a core row. */
export const verifies: Verifier["verifies"] = (id, name, verify) => verifier.verifies(id, name, verify);
