// LangGraph.js: a graph of two nodes that hand a growing list of messages back and forth.
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  messages: Annotation({ reducer: (left, right) => left.concat(right), default: () => [] }),
  turn: Annotation(),
});

/** Compiles a round robin of trivial speakers that ends after some turns. */
export function createRoundRobin(turns) {
  const speak = (source) => (state) => ({ messages: [{ source, content: "hello" }], turn: state.turn + 1 });
  const next = (state) => (state.turn >= turns ? END : state.turn % 2 === 0 ? "left" : "right");
  const graph = new StateGraph(State)
    .addNode("left", speak("left"))
    .addNode("right", speak("right"))
    .addEdge(START, "left")
    .addConditionalEdges("left", next)
    .addConditionalEdges("right", next)
    .compile();
  return async () => {
    const result = await graph.invoke(
      { messages: [{ source: "user", content: "go" }], turn: 0 },
      { recursionLimit: turns + 2 },
    );
    return result.messages.length;
  };
}
