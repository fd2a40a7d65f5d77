import { type Component, defineComponent, defineForeignForm, fields, type JsonValue } from "@troupe/core";
import { type CodeExecutor } from "@troupe/llm";
import { CodeExecutorAgent, type CodeExecutorAgentOptions } from "../../agent/code-executor-agent.ts";
import { UserProxyAgent, type UserProxyAgentOptions } from "../../agent/user-proxy-agent.ts";
import { either, isText, namedFunction } from "../field/combine-fields.ts";
import { parts } from "../field/parts.ts";
import { budgetField, guardFields } from "../field/shared-fields.ts";

interface AutoGenPerson {
  readonly name: string;
  readonly description?: string | undefined;
  /** A function of Python's: a name at most, never run. */
  readonly input_func?: JsonValue | undefined;
}

/** A person as a document. */
export function userProxyComponent(): Component {
  return defineComponent<UserProxyAgentOptions>({
    provider: "@troupe/agentchat/UserProxyAgent",
    type: "agent",
    description: "A person: in its turn it asks a question and says the answer.",
    fields: {
      name: fields.text,
      description: fields.optional(fields.text),
      prompt: fields.optional(either(isText, fields.text, namedFunction())),
      deadlineMs: fields.optional(fields.number),
    },
    create: (options) => new UserProxyAgent(options),
    foreign: [
      defineForeignForm<UserProxyAgentOptions, AutoGenPerson>({
        dialect: "autogen",
        provider: "autogen_agentchat.agents.UserProxyAgent",
        fields: { name: fields.text, description: fields.optional(fields.text), input_func: fields.fixed() },
        toOptions: ({ name, description }) => ({ name, ...(description !== undefined && { description }) }),
        covers: ["name", "description"],
        toConfig: ({ name, description }) => ({ name, description: description ?? "A person" }),
      }),
    ],
  });
}

interface AutoGenRunner {
  readonly name: string;
  readonly code_executor: CodeExecutor;
  readonly description?: string | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly supported_languages?: readonly string[] | undefined;
}

/** An agent that runs programs as a document. The executor is the program's: a document only names it. */
export function codeExecutorComponent(): Component {
  return defineComponent<CodeExecutorAgentOptions>({
    provider: "@troupe/agentchat/CodeExecutorAgent",
    type: "agent",
    description: "Runs the programs in what others say.",
    fields: {
      name: fields.text,
      executor: parts.executor,
      description: fields.optional(fields.text),
      sources: fields.optional(fields.list(fields.text)),
      languages: fields.optional(fields.list(fields.text)),
      timeoutMs: fields.optional(fields.number),
      idempotent: fields.optional(fields.flag),
      budget: fields.optional(budgetField),
      ...guardFields,
    },
    create: (options) => new CodeExecutorAgent(options),
  });
}

export type { AutoGenRunner };
