// LangGraph.js: a loop of a model that asks for a tool and the tool, with a checkpoint after each of them.
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";

const State = Annotation.Root({
  messages: Annotation({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

/** Plain functions and plain objects: no chat model, no tool node, nothing but the graph and its checkpoints. */
function compile(calls, checkpointer) {
  const model = ({ messages }) => {
    const made = (messages.length - 1) / 2;
    if (made >= calls) return { messages: [{ source: "model", content: "done" }] };
    const call = { callId: `call-${made + 1}`, toolName: "add", arguments: JSON.stringify({ a: made + 1, b: 1 }) };
    return { messages: [{ source: "model", content: "", call }] };
  };
  const tool = ({ messages }) => {
    const { callId, arguments: text } = messages.at(-1).call;
    const { a, b } = JSON.parse(text);
    return { messages: [{ source: "tool", callId, content: { sum: a + b } }] };
  };
  return new StateGraph(State)
    .addNode("model", model)
    .addNode("tool", tool)
    .addEdge(START, "model")
    .addConditionalEdges("model", ({ messages }) => (messages.at(-1).call === undefined ? END : "tool"))
    .addEdge("tool", "model")
    .compile({ checkpointer });
}

/** A function that runs one conversation of so many tool calls and tells the number of its messages. */
function createLoop(calls, checkpointer) {
  const graph = compile(calls, checkpointer);
  let threads = 0;
  return async () => {
    threads += 1;
    const { messages } = await graph.invoke(
      { messages: [{ source: "user", content: "Add." }] },
      {
        configurable: { thread_id: `thread-${threads}` },
        recursionLimit: calls * 2 + 2,
        ...(checkpointer && { durability: "sync" }),
      },
    );
    return messages.length;
  };
}

/** The loop without checkpoints, with the checkpointer in memory, and with the one in an SQLite file (WAL, synchronous = NORMAL). */
export function createToolLoops(calls, file) {
  const sqlite = SqliteSaver.fromConnString(file);
  return {
    bare: createLoop(calls, undefined),
    memory: createLoop(calls, new MemorySaver()),
    sqlite: createLoop(calls, sqlite),
    close: () => sqlite.db.close(),
  };
}

/** A thread of so many messages in an SQLite file, and a new saver on it that goes on: how many messages it finds. */
export async function createResume(messages, file) {
  const saver = SqliteSaver.fromConnString(file);
  const first = compile(0, saver);
  const many = Array.from({ length: messages }, (_, index) => ({ source: "user", content: `message ${index}` }));
  await first.updateState({ configurable: { thread_id: "long" } }, { messages: many });
  saver.db.close();
  return async () => {
    const again = SqliteSaver.fromConnString(file);
    const state = await compile(0, again).getState({ configurable: { thread_id: "long" } });
    again.db.close();
    return state.values.messages.length;
  };
}
