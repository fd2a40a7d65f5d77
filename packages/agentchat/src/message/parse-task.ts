import { TeamError } from "@troupe/core";
import type { MessageDraft, Task } from "./chat-message.ts";

const kinds: ReadonlySet<unknown> = new Set(["text", "multi-modal", "stop", "handoff", "tool-summary", "structured"]);

/**
 * The messages of a task; none for a run that goes on from where its session stands.
 *
 * @throws TeamError `run.invalid_task` for an empty list or something that is not a message.
 */
export function parseTask(task: Task | undefined): readonly MessageDraft[] {
  if (task === undefined) return [];
  if (typeof task === "string") return [{ kind: "text", text: task, source: "user" }];
  const drafts = isList(task) ? task : [task];
  if (drafts.length === 0) throw invalidTask("the list of messages is empty");
  for (const draft of drafts) if (!isMessage(draft)) throw invalidTask(`${describe(draft)} is not a chat message`);
  return drafts.map((draft) => ({ ...draft, source: draft.source ?? "user" }));
}

function isList(task: Task): task is readonly MessageDraft[] {
  return Array.isArray(task);
}

/** Programs without types, and documents, reach this place too. */
function isMessage(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "kind" in value && kinds.has(value.kind) && "text" in value && typeof value.text === "string";
}

function describe(value: unknown): string {
  return value === null
    ? "null"
    : typeof value === "object"
      ? "an object without a known kind and a text"
      : `a ${typeof value}`;
}

function invalidTask(problem: string): TeamError {
  return new TeamError("run.invalid_task", `The task cannot be run: ${problem}`, {
    remedy:
      'Give a string, a message such as { kind: "text", text: "..." }, or a list of messages; leave it out to go on.',
  });
}
