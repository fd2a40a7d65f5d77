import type { JsonObject } from "../errors/index.ts";
import type { Component, ComponentForm } from "./component.ts";

/** JSON Schema of all documents that the components of a registry can describe. */
export function registrySchema(components: readonly Component[]): JsonObject {
  const forms = components.flatMap((component) => component.forms.map((form) => ({ component, form })));
  const types = [...new Set(components.map((component) => component.type))].sort();
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Component document",
    anyOf: forms.map(({ form }) => ({ $ref: `#/$defs/${nameOf(form.provider)}` })),
    $defs: {
      ...Object.fromEntries(forms.map(({ component, form }) => [nameOf(form.provider), envelope(component, form)])),
      ...Object.fromEntries(types.map((type) => [`type-${type}`, typeSchema(type, components)])),
    },
  };
}

function typeSchema(type: string, components: readonly Component[]): JsonObject {
  const forms = components.filter((component) => component.type === type).flatMap((component) => component.forms);
  const hasShortForm = components.some((component) => component.type === type && component.fromText !== undefined);
  return {
    anyOf: [
      ...(hasShortForm ? [{ type: "string" }] : []),
      ...forms.map((form) => ({ $ref: `#/$defs/${nameOf(form.provider)}` })),
    ],
  };
}

/** The name of a provider's schema: without the characters that references would have to escape. */
function nameOf(provider: string): string {
  return provider.replace(/^@/, "").replaceAll("/", ".");
}

function envelope(component: Component, form: ComponentForm): JsonObject {
  return {
    type: "object",
    description: component.description,
    properties: {
      provider: { const: form.provider },
      component_type: { enum: [form.type, null] },
      version: { type: ["integer", "null"] },
      component_version: { enum: [...form.versions, null] },
      description: { type: ["string", "null"] },
      label: { type: ["string", "null"] },
      config: form.schema,
    },
    required: ["provider", "config"],
  };
}
