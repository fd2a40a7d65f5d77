import { type Component, defineComponent, defineForeignForm, type Field, fields } from "@troupe/core";
import { AllOf, AnyOf, NotYet, type TerminationCondition } from "../../condition/termination-condition.ts";
import { parts } from "../field/parts.ts";
import { condition, isExactly } from "./condition.ts";

interface Children {
  readonly conditions: readonly TerminationCondition[];
}

/** Conditions made of conditions. */
export function combinedConditions(): readonly Component[] {
  return [
    combination("And", "Over when all of them have been.", AllOf),
    combination("Or", "Over when one of them is.", AnyOf),
    negation(),
  ];
}

function combination(word: "And" | "Or", description: string, Combined: typeof AllOf | typeof AnyOf): Component {
  const conditions: Field<readonly TerminationCondition[]> = fields.list(parts.condition);
  return defineComponent<Children>({
    ...condition(`${word}TerminationCondition`, description),
    fields: { conditions },
    create: (options, place) => {
      if (options.conditions.length > 0) return new Combined(options.conditions);
      throw place.at("conditions").invalid("is empty");
    },
    recognize: (value) => (isExactly(value, Combined) ? { conditions: value.children } : undefined),
    foreign: [
      defineForeignForm<Children, Children>({
        dialect: "autogen",
        provider: `autogen_agentchat.base.${word}TerminationCondition`,
        fields: { conditions },
        toOptions: (config) => config,
        covers: ["conditions"],
        toConfig: (options) => options,
      }),
    ],
  });
}

function negation(): Component {
  return defineComponent<{ readonly condition: TerminationCondition }>({
    ...condition("NotTerminationCondition", "Over at the first look at which the other one is not."),
    fields: { condition: parts.condition },
    create: (options) => options.condition.not(),
    recognize: (value) => (isExactly(value, NotYet) ? { condition: value.inner } : undefined),
  });
}
