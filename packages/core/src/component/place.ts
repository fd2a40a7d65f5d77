import { ConfigError, type JsonValue } from "../errors/index.ts";
import { describePath, invalidDocument } from "./document.ts";

/** Where in a document reading or writing is, and what it can ask there. */
abstract class Place {
  /** As in `config.participants[1].config.name`; empty for the document itself. */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  protected pathOf(step: string | number): string {
    if (typeof step === "number") return `${this.path}[${step}]`;
    return this.path === "" ? step : `${this.path}.${step}`;
  }
}

/** What reading can ask of the registry. */
export interface Loader {
  /** Makes what a document describes. @throws ConfigError */
  load(document: JsonValue, type: string, place: LoadPlace): object;
  /** A value that the program registered; undefined when there is none of that name. */
  named(name: string): unknown;
}

/** A place in a document that is read. */
export class LoadPlace extends Place {
  readonly loader: Loader;

  constructor(path: string, loader: Loader) {
    super(path);
    this.loader = loader;
  }

  /** The place of a property or item. */
  at(step: string | number): LoadPlace {
    return new LoadPlace(this.pathOf(step), this.loader);
  }

  /** The error of a value that cannot stand here. */
  invalid(problem: string, cause?: unknown): ConfigError {
    return invalidDocument(this.path, problem, cause);
  }

  /** The error of something that only the program can bring. */
  unknown(what: string, remedy: string): ConfigError {
    return new ConfigError("config.unknown_component", `${describePath(this.path)} ${what}`, {
      remedy,
      details: { path: this.path },
    });
  }
}

/** What writing can ask of the registry. */
export interface Dumper {
  /** Writes a part as a document of its own. @throws ConfigError */
  dump(value: object, type: string, place: DumpPlace): JsonValue;
  /** The name under which the program registered a value. */
  nameOf(value: unknown): string | undefined;
}

/** A place in a document that is written. */
export class DumpPlace extends Place {
  readonly dumper: Dumper;
  /** Whose form is written: `troupe`, or another system's. */
  readonly dialect: string;

  constructor(path: string, dumper: Dumper, dialect: string) {
    super(path);
    this.dumper = dumper;
    this.dialect = dialect;
  }

  /** The place of a property or item. */
  at(step: string | number): DumpPlace {
    return new DumpPlace(this.pathOf(step), this.dumper, this.dialect);
  }

  /** The error of a value that no document can hold. */
  refuse(problem: string, remedy: string): ConfigError {
    return new ConfigError("config.not_dumpable", `${describePath(this.path)} ${problem}`, {
      remedy,
      details: { path: this.path },
    });
  }
}
