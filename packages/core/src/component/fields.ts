import {
  fixed,
  flag,
  inCode,
  integer,
  listOf,
  mapOf,
  nullable,
  numeric,
  oneOf,
  optional,
  plainField,
  text,
} from "./field.ts";
import { objectField } from "./object-field.ts";
import { child, named, openJson, openTexts, secret } from "./reference-fields.ts";

/**
 * What the fields of a component are put together from.
 *
 * Each reads a value from a document, writes it into one and describes it to editors; what does not fit is an error that names the place.
 */
export const fields: {
  readonly text: typeof text;
  readonly flag: typeof flag;
  readonly number: typeof numeric;
  readonly integer: typeof integer;
  readonly oneOf: typeof oneOf;
  readonly list: typeof listOf;
  readonly map: typeof mapOf;
  readonly fixed: typeof fixed;
  readonly inCode: typeof inCode;
  readonly object: typeof objectField;
  readonly optional: typeof optional;
  readonly nullable: typeof nullable;
  readonly plain: typeof plainField;
  readonly child: typeof child;
  readonly named: typeof named;
  readonly secret: typeof secret;
  readonly openJson: typeof openJson;
  readonly openTexts: typeof openTexts;
} = {
  text,
  flag,
  number: numeric,
  integer,
  oneOf,
  list: listOf,
  map: mapOf,
  fixed,
  inCode,
  object: objectField,
  optional,
  nullable,
  plain: plainField,
  child,
  named,
  secret,
  openJson,
  openTexts,
};
