import { setImmediate } from "node:timers/promises";
import { ConfigError } from "@troupe/core";
import { answerQuestion, type AskedQuestion } from "./answer-question.ts";
import { printable } from "../terminal/terminal.ts";
import { createPrompter, type Prompter } from "./prompter.ts";

/**
 * Answers a run's question at the terminal: pass it as `onQuestion`.
 *
 * The prompt follows the question's JSON Schema: yes or no, a choice, a line of text, or one line per property.
 *
 * @throws ConfigError `config.invalid_option` when the input ends before an answer.
 */
export async function askInTerminal(question: AskedQuestion): Promise<unknown> {
  const prompter = createPrompter();
  try {
    return await askWith(prompter, question);
  } finally {
    prompter.close();
  }
}

/** Answers a question with a prompter that somebody else closes. @throws ConfigError as `askInTerminal`. */
export async function askWith(prompter: Prompter, question: AskedQuestion): Promise<unknown> {
  // What led to the question is printed first: a printed run shows it in this turn of the event loop.
  await setImmediate();
  // A model may have worded the prompt: it must not control the terminal.
  const prompt = printable(question.prompt);
  const answer = await answerQuestion({ prompt, schema: question.schema }, prompter);
  if (answer.kind === "answered") return answer.value;
  throw new ConfigError(
    "config.invalid_option",
    `The input ended before the question "${question.prompt}" was answered.`,
    {
      remedy: "Answer at a terminal, or give one line per question on standard input.",
    },
  );
}
