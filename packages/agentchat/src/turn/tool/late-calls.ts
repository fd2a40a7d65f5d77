// What only agents need that call tools or run programs. It is loaded when the first of them is registered (see `TurnEnvironment.loadCalls`),
// so that a page whose agents only talk does not load it; import it nowhere else.
export { callTools } from "./call-tools.ts";
export { runCode } from "./run-code.ts";
