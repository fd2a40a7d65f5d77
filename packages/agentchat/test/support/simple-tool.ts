import { type Tool, tool } from "@troupe/llm";
import { z } from "zod";

/** A tool without arguments. */
export function simpleTool(name: string, execute: () => unknown): Tool {
  return tool({ name, description: name, input: z.object({}), execute });
}
