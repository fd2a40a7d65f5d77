/** What the orchestrator knows of the work. */
export interface PromptParts {
  readonly task: string;
  /** The participants, one to a line. */
  readonly team: string;
  readonly facts: string;
  readonly plan: string;
  readonly names: readonly string[];
}

/** Asks what is known before anybody has done anything. */
export function factsPrompt({ task }: Pick<PromptParts, "task">): string {
  return `Before the work begins, write down what you know about this request:

${task}

Use your own knowledge alone. Answer under exactly these four headings:

1. GIVEN OR VERIFIED FACTS
2. FACTS TO LOOK UP (and where to find them)
3. FACTS TO DERIVE (by thought or by computation)
4. EDUCATED GUESSES

Names, numbers, dates and quotations count as facts. Make no plan yet, and write nothing else.`;
}

/** Asks what is known now, when there was a sheet before. */
export function factsUpdatePrompt({ task, facts }: Pick<PromptParts, "task" | "facts">): string {
  return `This is what we are working on:

${task}

This is the fact sheet so far:

${facts}

Write it anew, under the same headings. Take over what was learnt, move guesses that were confirmed, correct what was wrong, and add at least one educated guess with the reason for it.`;
}

/** Asks for a plan. */
export function planPrompt({ team }: Pick<PromptParts, "team">): string {
  return `These are the members of the team:

${team}

Write a short plan for the request as a list of steps, each for one member. Not everybody has to take part.`;
}

/** Asks for another plan after one that did not work. */
export function planUpdatePrompt({ team }: Pick<PromptParts, "team">): string {
  return `The work does not move on. Say in a few words what went wrong and why. Then write a new plan as a list of steps that avoids it, for the same team and nobody else:

${team}`;
}

/** What everybody hears first. */
export function fullLedger({ task, team, facts, plan }: Omit<PromptParts, "names">): string {
  return `We are working on this request:

${task}

The team:

${team}

What is known:

${facts}

The plan:

${plan}`;
}

/** Asks how the work goes and who is next. */
export function progressPrompt({ task, team, names }: Pick<PromptParts, "task" | "team" | "names">): string {
  return `Remember the request:

${task}

And the team:

${team}

Judge the work so far. For each of these questions give a reason and an answer:

- is_request_satisfied: Is the request fully answered? (true only when nothing is left to do)
- is_in_loop: Are we repeating the same requests or getting the same answers? (also over several turns)
- is_progress_being_made: Did the last turns bring us further? (false when stuck, or when an obstacle cannot be passed)
- next_speaker: Who should speak next? (one of: ${names.join(", ")})
- instruction_or_question: What do you say to that member? (to them, with all they need to know)

Answer with a JSON object alone, with these five fields, each { "reason": string, "answer": ... }.`;
}

/** Asks for the answer to the request. */
export function finalAnswerPrompt({ task }: Pick<PromptParts, "task">): string {
  return `We were working on this request:

${task}

The work is over. Answer the request now, to the person who made it, from what was found above. Say so when something is missing.`;
}
