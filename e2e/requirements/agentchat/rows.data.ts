import type { Requirement } from "../requirement.ts";

/** The conformance list of AutoGen's AgentChat, and from row 136 on what AutoGen fails. */
export const rows: readonly Requirement[] = [
  // A. Messages
  { id: "chat-1", kind: "parity", text: "Two messages made alike have different ids; a supplied id is kept." },
  {
    id: "chat-2",
    kind: "replaced",
    text: "A chunk event has an id of its own and names its message.",
    replacedBy: "text-delta events are live: they have no id and always name their message",
  },
  {
    id: "chat-3",
    kind: "parity",
    text: "Every kind of message survives being written as JSON and read again, with all its fields.",
  },
  {
    id: "chat-4",
    kind: "parity",
    text: "Messages and events of all kinds live in one stream and are told apart by kind.",
  },
  {
    id: "chat-5",
    kind: "replaced",
    text: "A structured message reports the type StructuredMessage[Model] and dumps nested content.",
    replacedBy:
      "its kind is structured, its data any JSON; the agent's schema types it, so no type has to be registered",
  },
  { id: "chat-6", kind: "parity", text: "With a format people read the filled-in text, and models read JSON." },
  {
    id: "chat-7",
    kind: "replaced",
    text: "A factory refuses a structured type that nobody registered.",
    replacedBy: "there is no factory: kinds are a closed union, and data is checked by the schema of whoever reads it",
  },
  {
    id: "chat-8",
    kind: "replaced",
    text: "A factory refuses an object without type, or with an unknown one.",
    replacedBy: "a task is checked at the door: a message without a known kind is refused before anything runs",
  },
  {
    id: "chat-9",
    kind: "replaced",
    text: "A structured factory rebuilt from config makes distinct types of equal content.",
    replacedBy: "structured data is plain JSON: equal content is equal, in every process",
  },
  { id: "chat-11", kind: "parity", text: "Taking images out turns parts into text and leaves other roles alone." },
  { id: "chat-12", kind: "parity", text: "Messages keep all their fields on their way through nested teams." },
  { id: "chat-10", kind: "parity", text: "A multimodal message has text for people; the model gets the parts." },
  // B. Base agent
  { id: "chat-13", kind: "parity", text: "A run on a text starts with a user message; the agent receives it." },
  { id: "chat-14", kind: "parity", text: "A run without a task works on the state that is there." },
  { id: "chat-15", kind: "parity", text: "Empty lists and foreign list elements are rejected." },
  { id: "chat-16", kind: "parity", text: "The messages of the result are those of the events, without deltas." },
  { id: "chat-17", kind: "parity", text: "An illegal agent name is rejected at construction." },
  // C. AssistantAgent: answers and streaming
  { id: "chat-19", kind: "parity", text: "A text reply becomes one text message, and its usage is counted." },
  {
    id: "chat-20",
    kind: "parity",
    text: "Joined deltas equal the final text and carry its id; the result holds none.",
  },
  { id: "chat-21", kind: "parity", text: "The same holds for a reflection." },
  { id: "chat-22", kind: "parity", text: "An empty piece does no harm; a piece of 10 kB is one event." },
  { id: "chat-23", kind: "parity", text: "A stream that ends without a result is an error." },
  {
    id: "chat-24",
    kind: "better",
    text: "An output schema gives a structured message; misfits are repaired once, then an error.",
  },
  { id: "chat-25", kind: "parity", text: "A format shows structured answers to people; models get JSON." },
  { id: "chat-26", kind: "parity", text: "A thought is one event before the answer and is kept with the answer." },
  { id: "chat-27", kind: "parity", text: "Thoughts are shown in every round and in the reflection." },
  { id: "chat-28", kind: "parity", text: "Without vision, images become text before the call." },
  { id: "chat-29", kind: "parity", text: "Without a system message none is sent." },
  { id: "chat-30", kind: "parity", text: "One cancellation reaches the model and the tools." },
  // D. AssistantAgent: tools
  {
    id: "chat-31",
    kind: "replaced",
    text: "One tool call with the defaults gives request, execution and summary after one model call.",
    replacedBy: "maxToolIterations: 1 gives exactly that; the default is 10, because an answer is what people want",
  },
  { id: "chat-32", kind: "parity", text: "With reflection the last message is text and the tools ran once." },
  {
    id: "chat-33",
    kind: "parity",
    text: "With an output schema and tools the agent reflects by default and the answer is structured.",
  },
  { id: "chat-34", kind: "parity", text: "Two rounds of tools and a text take three model calls." },
  { id: "chat-35", kind: "parity", text: "A model that always calls tools is called as often as the limit allows." },
  { id: "chat-36", kind: "parity", text: "A limit of 0 is rejected." },
  {
    id: "chat-37",
    kind: "parity",
    text: "Two calls of one answer run at the same time; results keep the order of the calls.",
  },
  {
    id: "chat-38",
    kind: "parity",
    text: "Bad arguments, a failing tool and an unknown tool are error results; the agent still answers.",
  },
  {
    id: "chat-39",
    kind: "parity",
    text: "A format makes the summary of a call; a function overrides it and sees whether the call failed.",
  },
  { id: "chat-40", kind: "parity", text: "Several results are joined by newline." },
  { id: "chat-41", kind: "parity", text: "Two tools of one name, and tools for a model without, are rejected." },
  { id: "chat-42", kind: "parity", text: "With two workbenches each call reaches the one that lists it." },
  // E. AssistantAgent: handoffs, memory, state
  { id: "chat-45", kind: "parity", text: "A handoff call gives request, execution and a handoff message." },
  {
    id: "chat-46",
    kind: "parity",
    text: "Calls beside a handoff are in its context with their results; the handoff is not.",
  },
  { id: "chat-47", kind: "parity", text: "A thought beside a handoff alone is the one thing in its context." },
  {
    id: "chat-48",
    kind: "better",
    text: "Of two handoffs the first counts; an event, and the model, are told about the other.",
  },
  { id: "chat-49", kind: "parity", text: "A handoff ends the tool loop early." },
  {
    id: "chat-50",
    kind: "parity",
    text: "Handoffs with a name or target that is taken, or for a model without tools, are rejected.",
  },
  { id: "chat-51", kind: "parity", text: "A handoff message that is received puts its context before its text." },
  {
    id: "chat-52",
    kind: "parity",
    text: "A memory that has something is an event, one that has nothing is none; anything else is rejected.",
  },
  { id: "chat-53", kind: "parity", text: "A saved session goes on where it was; a reset one starts anew." },
  // F. UserProxyAgent
  { id: "chat-55", kind: "parity", text: "Synchronous and asynchronous input give a text under the agent's name." },
  { id: "chat-56", kind: "parity", text: "A handoff to the person is answered by a handoff back." },
  {
    id: "chat-57",
    kind: "better",
    text: "A handoff to somebody else, even as the last message, does not end the team.",
  },
  { id: "chat-58", kind: "parity", text: "A cancel while a person is asked is a cancel." },
  { id: "chat-59", kind: "parity", text: "Input that fails is an error that says so." },
  // G. CodeExecutorAgent
  { id: "chat-60", kind: "parity", text: "Fenced code is run; no fence, no output and a failure are said in words." },
  { id: "chat-61", kind: "parity", text: "Several blocks run in order, in one request." },
  { id: "chat-62", kind: "parity", text: "With a model: the program, its outcome, the answer." },
  { id: "chat-63", kind: "parity", text: "With a model and no program: a plain answer, no program events." },
  { id: "chat-64", kind: "parity", text: "One retry: program, plan, program, answer, with their numbers." },
  {
    id: "chat-65",
    kind: "parity",
    text: "Approval at once or later: allowed runs; denied has exit code 1 and the reason, and the request shows program and conversation.",
  },
  // H. SocietyOfMindAgent
  { id: "chat-67", kind: "parity", text: "The result is the task and one answer under the agent's name." },
  { id: "chat-68", kind: "parity", text: "The task is in the stream once, though the inner team also got it." },
  { id: "chat-69", kind: "parity", text: "An inner team that says nothing gives a fixed answer." },
  { id: "chat-70", kind: "parity", text: "It works without a task, repeatedly." },
  {
    id: "chat-71",
    kind: "parity",
    text: "Instruction and response prompt are system messages only when the model takes several.",
  },
  { id: "chat-72", kind: "parity", text: "Its state and that of its team survive save and restore." },
  // I. MessageFilterAgent
  {
    id: "chat-73",
    kind: "parity",
    text: "No rule blocks everything; a rule without a position passes all of its source.",
  },
  {
    id: "chat-74",
    kind: "better",
    text: "The first and last of each source pass, in the order in which they were said; a count of 0 is rejected.",
  },
  {
    id: "chat-75",
    kind: "parity",
    text: "In a loop a filtered node hears the user once, and its source once in each round.",
  },
  // J. Teams
  { id: "chat-76", kind: "parity", text: "Round robin follows the participants, for a task of any form." },
  { id: "chat-77", kind: "parity", text: "Every message of a task list comes first, in order." },
  {
    id: "chat-78",
    kind: "replaced",
    text: "Task messages can be left out of the result.",
    replacedBy: "messages carry their source: whoever does not want the user's filters them",
  },
  {
    id: "chat-79",
    kind: "replaced",
    text: "Select events come before each message when asked for.",
    replacedBy: "every event carries the path of its speaker",
  },
  {
    id: "chat-80",
    kind: "replaced",
    text: "Messages of types that nobody registered are refused; structured types that agents declare work.",
    replacedBy: "kinds are a closed union that is checked at the door; structured data needs no registration anywhere",
  },
  {
    id: "chat-81",
    kind: "parity",
    text: "maxTurns ends a run; the next goes on with the next speaker; a reset starts at the first.",
  },
  {
    id: "chat-82",
    kind: "parity",
    text: "A message limit counts the task; going on without one gives as many messages of agents.",
  },
  { id: "chat-83", kind: "parity", text: "What an agent or a condition throws reaches the caller with its text." },
  { id: "chat-84", kind: "parity", text: "A cancelled team can run again." },
  {
    id: "chat-85",
    kind: "parity",
    text: "A second run of one session is refused, and so are reset and restore during a run.",
  },
  {
    id: "chat-86",
    kind: "parity",
    text: "Agents get what is new since their last turn, never their own words, never events.",
  },
  {
    id: "chat-87",
    kind: "parity",
    text: "Tool events of one agent are in the run's events and are not delivered to others.",
  },
  { id: "chat-88", kind: "parity", text: "Save, restore into an equal team and save again gives the same document." },
  {
    id: "chat-89",
    kind: "better",
    text: "A document of another runner, or with an agent the team does not have, is refused.",
  },
  { id: "chat-91", kind: "parity", text: "Pause stops progress, resume continues it, the run finishes." },
  { id: "chat-92", kind: "parity", text: "100 messages to one agent with random delays are handled in order." },
  // K. Selector
  {
    id: "chat-93",
    kind: "parity",
    text: "Speakers follow the model's answers; two agents without repeats need one model call at most.",
  },
  { id: "chat-94", kind: "parity", text: "With repeats allowed the same speaker may go on." },
  { id: "chat-95", kind: "parity", text: "An answer with two names is asked for again; the second, good one counts." },
  { id: "chat-96", kind: "parity", text: "After three bad answers on the first turn the first candidate speaks." },
  {
    id: "chat-97",
    kind: "replaced",
    text: "A model that always names the previous speaker gets it after three tries.",
    replacedBy: "the fallback breaks no rule: the next candidate speaks, and an event says that the choice failed",
  },
  {
    id: "chat-98",
    kind: "parity",
    text: "A selector function decides; null leaves it to the model; an unknown name is an error.",
  },
  { id: "chat-99", kind: "parity", text: "A candidate function that names one needs no model call; none is an error." },
  { id: "chat-100", kind: "parity", text: "A context limits what the selector's model sees of the conversation." },
  {
    id: "chat-101",
    kind: "parity",
    text: "With streaming and team events: pieces of the selector's words, the selection, then the agent.",
  },
  {
    id: "chat-102",
    kind: "parity",
    text: "Fewer than two participants are rejected; the state keeps the previous speaker.",
  },
  // L. Swarm
  {
    id: "chat-103",
    kind: "replaced",
    text: "Handoffs drive the order, the first participant begins, and without a handoff the same speaker goes on.",
    replacedBy: 'an answer without a handoff ends the run with no-handoff; whenNoHandoff: "continue" does as AutoGen',
  },
  { id: "chat-104", kind: "parity", text: "The speaker's position is kept between runs with and without a task." },
  {
    id: "chat-105",
    kind: "parity",
    text: "Stopped by a handoff to a participant, the next run goes on with the target.",
  },
  {
    id: "chat-106",
    kind: "replaced",
    text: "After a handoff to an outsider only a handoff message may resume; text is an error.",
    replacedBy: "plain words go back to the agent that handed off; a handoff in the task still chooses the speaker",
  },
  {
    id: "chat-107",
    kind: "parity",
    text: "With tools beside a handoff the target sees the task, the calls and their results.",
  },
  {
    id: "chat-108",
    kind: "replaced",
    text: "Only agents take part, and the first must be able to hand off.",
    replacedBy: "teams take part as everywhere; an agent that cannot hand off ends the run with no-handoff",
  },
  // M. MagenticOne
  {
    id: "chat-109",
    kind: "parity",
    text: "Facts, plan, ledger, step, satisfied ledger and answer give the messages and the reason of the ledger.",
  },
  { id: "chat-110", kind: "parity", text: "Stalls lead to new facts and a new plan, and participants start anew." },
  { id: "chat-111", kind: "parity", text: "Task, facts, plan and counters survive save and restore." },
  { id: "chat-112", kind: "parity", text: "A cancel while it plans ends the run as cancelled." },
  {
    id: "chat-113",
    kind: "parity",
    text: "A ledger that is no JSON is asked for again; fenced JSON is accepted; a single agent is enough.",
  },
  // O. Nested teams
  { id: "chat-124", kind: "parity", text: "The messages of an inner team are in the outer result, the task once." },
  { id: "chat-125", kind: "parity", text: "Three levels deep give the expected messages." },
  { id: "chat-126", kind: "parity", text: "The state of nested teams survives save and restore." },
  // P. Termination
  {
    id: "chat-127",
    kind: "replaced",
    text: "A condition fires on its trigger and is an error to ask again before a reset.",
    replacedBy:
      "conditions are pure: their memory belongs to the run, so each run starts anew and nothing must be reset",
  },
  { id: "chat-128", kind: "parity", text: "Text mention respects sources; a message limit can count events." },
  { id: "chat-129", kind: "parity", text: "Token limits add up over messages; none given is rejected." },
  { id: "chat-130", kind: "parity", text: "A timeout ends a run, and each run has its own time." },
  {
    id: "chat-131",
    kind: "replaced",
    text: "A function-call condition looks at executions only; a functional one accepts sync and async functions.",
    replacedBy:
      "a functional condition is synchronous and pure, and refuses anything but true and false: a resumed run asks again",
  },
  { id: "chat-132", kind: "parity", text: "And needs all, or any; reasons are joined; combinations nest." },
  // Q. Runner tools and UI
  {
    id: "chat-44",
    kind: "parity",
    text: "What an agent behind a tool does is shown between the request of the call and its end.",
  },
  {
    id: "chat-133",
    kind: "replaced",
    text: "An agent as a tool runs, and its state is saved and loaded with the tool.",
    replacedBy:
      "each call starts anew; with keepsMemory its state is part of the caller's session, saved and restored with it",
  },
  {
    id: "chat-134",
    kind: "parity",
    text: "A team as a tool returns its last words, or all of them with names and without the task.",
  },
  { id: "chat-135", kind: "parity", text: "Printing a run gives the same result as awaiting it." },
  // R. What AutoGen fails
  { id: "chat-136", kind: "better", text: "After an agent's error the same team completes the next run." },
  { id: "chat-137", kind: "better", text: "A cancel during a slow tool ends at once and leaves no unanswered call." },
  {
    id: "chat-145",
    kind: "better",
    text: "Memory text is present once in each call of the model and absent from what is saved.",
  },
  { id: "chat-138", kind: "better", text: "Leaving the stream stops all model calls." },
  {
    id: "chat-139",
    kind: "better",
    text: "Pause and resume of a run that is over return at once; also with inner teams.",
  },
  { id: "chat-140", kind: "better", text: "After a cancel the next run has all its turns." },
  {
    id: "chat-141",
    kind: "better",
    text: "A run that is left in the middle of a turn goes on elsewhere without a loss.",
  },
  { id: "chat-142", kind: "better", text: "An inner team may speak twice in a row." },
  { id: "chat-143", kind: "better", text: "Errors show the original error, the agent and the messages so far." },
  {
    id: "chat-144",
    kind: "better",
    text: "Pieces of reasoning and of text can be told apart, and each joins to one message.",
  },
  {
    id: "chat-146",
    kind: "better",
    text: "An answer outside the candidates is refused, the fallback breaks no rule, and an event tells of the failure.",
  },
  {
    id: "chat-147",
    kind: "better",
    text: "Magentic takes N turns at most, again N for the second task, one plan per stall, and bad ledgers of any shape.",
  },
  { id: "chat-158", kind: "better", text: "Two calls of a runner's tool at once both succeed." },
  { id: "chat-154", kind: "better", text: "Awaiting and iterating a run give equal messages." },
  { id: "chat-155", kind: "better", text: "Printing a run of a person shows the question and finishes." },
  { id: "chat-156", kind: "better", text: "A time limit aborts a stuck turn; every model call counts." },
  { id: "chat-157", kind: "better", text: "Agents with an output schema work in teams without registration." },
  { id: "chat-159", kind: "better", text: "10,000 turns keep what is saved of a run's manager within a bound." },
  { id: "chat-160", kind: "better", text: "Two runs on one agent at once do not mix." },
  // S. Weak points of AutoGen's agents that have no row above, by their number in the specification
  { id: "chat-W14", kind: "better", text: "The format of structured answers holds after a reflection too." },
  { id: "chat-W15", kind: "better", text: "A summary covers the calls of all rounds." },
  {
    id: "chat-W16",
    kind: "better",
    text: "A handoff with broken arguments is reported to the model and hands nothing over.",
  },
  { id: "chat-W18", kind: "better", text: "The context of a handoff reaches its target's model alone." },
  {
    id: "chat-W34",
    kind: "better",
    text: "A code executor keeps its conversation, repeats no task, and reads fences as models write them.",
  },
  { id: "chat-W48", kind: "better", text: "Whoever answers gets the question with its id, and may answer later." },
  {
    id: "chat-W52",
    kind: "better",
    text: "A society remembers its answers, its team goes on, and what the team costs is counted.",
  },
  { id: "chat-W57", kind: "better", text: "The metadata of an agent is on its messages." },
  { id: "chat-W58", kind: "better", text: "Tools of one name from two sources are an error that names them." },
  {
    id: "chat-W59",
    kind: "better",
    text: "A reflection keeps the tools, the calls with their results and the question.",
  },
  { id: "chat-W60", kind: "better", text: "A template that cannot be filled in is refused when the agent is made." },
  {
    id: "chat-W64",
    kind: "better",
    text: "Each answer about handoffs has one outcome: tool with handoff, two, unknown, self, text with handoff, none.",
  },
  { id: "chat-W66", kind: "better", text: "An empty answer is asked for once more; a second one is an error." },
];
