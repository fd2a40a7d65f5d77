import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../errors/index.ts";
import {
  type ComponentRegistry,
  createComponentRegistry,
  defineComponent,
  defineForeignForm,
  fields,
  keepOptions,
  type SecretReference,
} from "./index.ts";

interface LampOptions {
  readonly name: string;
  readonly watts?: number | undefined;
  readonly key?: SecretReference | undefined;
  readonly inside?: readonly Lamp[] | undefined;
  readonly dim?: ((level: number) => number) | undefined;
}

class Lamp {
  readonly name: string;
  constructor(options: LampOptions) {
    if ((options.watts ?? 0) < 0)
      throw new ConfigError("config.invalid_option", "A lamp gives light", {
        remedy: "Give a number of watts.",
        details: { option: "watts" },
      });
    if (options.name === "")
      throw new ConfigError("config.invalid_definition", "A lamp has no name", { remedy: "Name it." });
    this.name = options.name;
    if (new.target === Lamp) keepOptions(this, "@test/Lamp", options);
  }
}

const isLamp = (value: unknown): value is Lamp => value instanceof Lamp;
const isDim = (value: unknown): value is (level: number) => number => typeof value === "function";

const lamp = defineComponent<LampOptions>({
  provider: "@test/Lamp",
  type: "lamp",
  version: 2,
  description: "Gives light.",
  fields: {
    name: fields.text,
    watts: fields.optional(fields.number),
    key: fields.optional(fields.secret),
    inside: fields.optional(fields.list(fields.child("lamp", isLamp))),
    dim: fields.optional(fields.named(isDim, "function")),
  },
  create: (options) => new Lamp(options),
  shorthand: (name) => ({ name }),
  upgrade: ({ title, ...rest }) => ({ ...rest, ...(title !== undefined && { name: title }) }),
  foreign: [
    defineForeignForm<LampOptions, { readonly label: string; readonly lamps?: readonly Lamp[] | undefined }>({
      dialect: "old",
      provider: "old.lamps.Lamp",
      type: "light",
      fields: { label: fields.text, lamps: fields.optional(fields.list(fields.child("lamp", isLamp))) },
      toOptions: ({ label, lamps }) => ({ name: label, ...(lamps !== undefined && { inside: lamps }) }),
      covers: ["name", "inside"],
      toConfig: ({ name, inside }) => ({ label: name, lamps: inside }),
    }),
  ],
});

const half = (level: number): number => level / 2;
const registry: ComponentRegistry = createComponentRegistry({ components: [lamp], named: { half } });

function document(config: unknown): Record<string, unknown> {
  return { provider: "@test/Lamp", config };
}

function failure(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a component document", () => {
  it("comes back as it was written", () => {
    const made = new Lamp({
      name: "a",
      watts: 4,
      key: { $env: "LAMP_KEY" },
      dim: half,
      inside: [new Lamp({ name: "b" })],
    });
    const written = registry.dump(made);
    expect(written).toMatchObject({
      provider: "@test/Lamp",
      component_type: "lamp",
      component_version: 2,
      label: "Lamp",
      config: {
        name: "a",
        watts: 4,
        key: { $env: "LAMP_KEY" },
        dim: { $named: "half" },
        inside: [{ config: { name: "b" } }],
      },
    });
    expect(registry.dump(registry.load(written))).toEqual(written);
    expect(registry.dump(registry.load(JSON.stringify(written)))).toEqual(written);
  });

  it("may be in another system's words, and be written in them", () => {
    const foreign = {
      provider: "old.lamps.Lamp",
      config: { label: "a", lamps: [{ provider: "@test/Lamp", config: { name: "b" } }] },
    };
    const made = registry.load(foreign);
    expect(registry.dump(made).config).toMatchObject({ name: "a", inside: [{ config: { name: "b" } }] });
    expect(registry.dump(made, { dialect: "old" })).toMatchObject({
      provider: "old.lamps.Lamp",
      component_type: "light",
      config: { label: "a", lamps: [{ provider: "old.lamps.Lamp", config: { label: "b" } }] },
    });
  });

  it("of an older version is brought up to date, and one of a newer version refused", () => {
    const old = registry.load({ provider: "@test/Lamp", component_version: 1, config: { title: "a" } });
    expect(registry.dump(old).config).toEqual({ name: "a" });
    const newer = failure(() => registry.load({ provider: "@test/Lamp", component_version: 3, config: { name: "a" } }));
    expect(newer).toMatchObject({ code: "config.invalid_document", details: { path: "component_version" } });
  });

  it("may say a short form where a component stands", () => {
    const made = registry.load(document({ name: "a", inside: ["b"] }));
    expect(registry.dump(made).config).toMatchObject({ inside: [{ config: { name: "b" } }] });
  });
});

describe("what is wrong in a document", () => {
  const inside = (config: unknown): unknown => document({ name: "a", inside: ["x", document(config)] });
  it.each([
    ["a missing field", inside({}), "config.inside[1].config.name"],
    ["a field of another form", inside({ name: 3 }), "config.inside[1].config.name"],
    ["a field that does not exist", inside({ name: "b", volts: 3 }), "config.inside[1].config.volts"],
    ["a secret in plain text", inside({ name: "b", key: "planted-canary" }), "config.inside[1].config.key"],
    ["a value that its class refuses", inside({ name: "" }), "config.inside[1].config"],
    ["an option that its class refuses", inside({ name: "b", watts: -1 }), "config.inside[1].config.watts"],
    ["a config that is no object", { provider: "@test/Lamp", config: [] }, "config"],
    ["a provider that is no text", { provider: 7, config: {} }, "provider"],
    ["a document that is no object", [], ""],
  ])("is named with its place: %s", (_, given, path) => {
    const error = failure(() => registry.load(given));
    expect(error).toMatchObject({ code: "config.invalid_document", details: { path } });
    expect(error.message).not.toContain("canary");
  });

  it.each([
    ["a provider", { provider: "node:child_process", config: {} }, "provider"],
    ["a function", document({ name: "a", dim: { $named: "toString" } }), "config.dim"],
    [
      "a nested provider",
      document({ name: "a", inside: [{ provider: "__proto__", config: {} }] }),
      "config.inside[0].provider",
    ],
  ])("is named when nobody registered it: %s", (_, given, path) => {
    expect(failure(() => registry.load(given))).toMatchObject({ code: "config.unknown_component", details: { path } });
  });
});

it("an upgrade that fails on what it is given is an error of the document", () => {
  const brittle = defineComponent<{ readonly size: number }>({
    provider: "@test/Brittle",
    type: "lamp",
    version: 2,
    description: "Breaks.",
    fields: { size: fields.number },
    create: (options) => ({ ...options }),
    upgrade: ({ parts }) => ({ size: Array.isArray(parts) ? parts.length : brokenUpgrade() }),
  });
  const own = createComponentRegistry({ components: [brittle] });
  const error = failure(() => own.load({ provider: "@test/Brittle", component_version: 1, config: { parts: 3 } }));
  expect(error).toMatchObject({ code: "config.invalid_document", details: { path: "config" } });
});

function brokenUpgrade(): never {
  throw new TypeError("parts is not iterable");
}

describe("what no document can hold", () => {
  it.each([
    ["a function without a name", { name: "a", dim: () => 1 }, "config.dim"],
    ["a secret", { name: "a", key: "planted-canary" }, "config.key"],
    ["an option that is new", { name: "a", colour: "red" }, "config.colour"],
    [
      "a class that is not registered",
      { name: "a", inside: [new (class Torch extends Lamp {})({ name: "b" })] },
      "config.inside[0]",
    ],
  ])("is refused with its place: %s", (_, options, path) => {
    const made = keepOptions({}, "@test/Lamp", options);
    const error = failure(() => registry.dump(made));
    expect(error).toMatchObject({ code: "config.not_dumpable", details: { path } });
    expect(error.message).not.toContain("canary");
  });

  it("is refused in another system's words: an option that it does not have", () => {
    const made = new Lamp({ name: "a", inside: [new Lamp({ name: "b", watts: 3 })] });
    expect(failure(() => registry.dump(made, { dialect: "old" }))).toMatchObject({
      code: "config.not_dumpable",
      details: { path: "config.lamps[0].config.watts" },
    });
  });
});

describe("a hostile document", () => {
  const nested = (depth: number): string =>
    `{"provider":"@test/Lamp","config":${'{"name":'.repeat(depth)}1${"}".repeat(depth)}}`;
  const cycle: Record<string, unknown> = document({ name: "a" });
  cycle["config"] = cycle;
  const shared = Array.from({ length: 25 }).reduce<unknown>((inner) => [inner, inner], "x");
  it.each([
    ["of 10,000 levels", nested(10_000)],
    ["of 1,000,000 levels", nested(1_000_000)],
    ["of 100 million characters", `{"provider":"@test/Lamp","config":{"name":"${"x".repeat(100_000_000)}"}}`],
    ["with a text of 100 million characters", document({ name: "x".repeat(100_000_000) })],
    ["that is its own part", cycle],
    ["that unfolds to 33 million values", document({ name: shared })],
    [
      "that sets a prototype",
      JSON.stringify(document({ name: "a" })).replace('"name"', '"__proto__":{"admin":true},"name"'),
    ],
    ["that is no JSON", "{"],
    ["that is a function", () => document({ name: "a" })],
    ["with a class instance", document(new Map())],
  ])("ends in a typed error: %s", (_, given) => {
    expect(failure(() => registry.load(given)).code).toBe("config.invalid_document");
    expect(Reflect.get({}, "admin")).toBeUndefined();
  });

  it("never ends in anything but a component or a typed error, whatever it says", () => {
    const words = fc.constantFrom(
      "provider",
      "config",
      "name",
      "inside",
      "__proto__",
      "constructor",
      "@test/Lamp",
      "old.lamps.Lamp",
      "label",
    );
    const anything = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 6 }, fc.constant(null), fc.integer(), words, tie("list"), tie("object")),
      list: fc.array(tie("value"), { maxLength: 3 }),
      object: fc.dictionary(words, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    })).value;
    fc.assert(
      fc.property(anything, (given) => {
        try {
          expect(registry.load(given)).toBeInstanceOf(Lamp);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a registry", () => {
  it("refuses a provider that is there twice", () => {
    expect(() => createComponentRegistry({ components: [lamp, lamp] })).toThrow(ConfigError);
  });

  it("can be extended without changing", () => {
    const more = registry.with({ named: { third: (level: number) => level / 3 } });
    const given = document({ name: "a", dim: { $named: "third" } });
    expect(isLamp(more.load(given))).toBe(true);
    expect(failure(() => registry.load(given)).code).toBe("config.unknown_component");
  });

  it("describes its documents to editors", () => {
    const schema = registry.schema();
    expect(schema).toMatchObject({
      anyOf: [{ $ref: "#/$defs/test.Lamp" }, { $ref: "#/$defs/old.lamps.Lamp" }],
      $defs: {
        "test.Lamp": {
          properties: {
            provider: { const: "@test/Lamp" },
            config: { required: ["name"], additionalProperties: false },
          },
        },
        "type-lamp": {
          anyOf: [{ type: "string" }, { $ref: "#/$defs/test.Lamp" }, { $ref: "#/$defs/old.lamps.Lamp" }],
        },
      },
    });
  });
});
