import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { ConfigError } from "@troupe/core";
import type { ChatModel } from "@troupe/llm";
import { standInModel } from "./stand-in/stand-in-model.ts";
import { parseTable, type Table } from "./table/table.ts";

/** What is investigated, and where it is from. */
export interface DemoTable {
  readonly table: Table;
  /** What the table is called on screen. */
  readonly dataName: string;
  readonly dataSource?: string;
}

/** The table of the default demonstration, in the package's own data folder. */
const barley = {
  url: new URL("../../data/barley.csv", import.meta.url),
  name: "barley.csv",
  source:
    "Minnesota barley trial of 1931-32; Wiebe, Reinbach-Welch and Cowan, USDA Technical Bulletin 735 (1940), after Immer, Hayes and Powers (1934)",
};

/** The barley trial, or the CSV file that is named. @throws ConfigError `config.invalid_option` for a table that cannot be used. */
export async function loadTable(dataPath: string | undefined): Promise<DemoTable> {
  if (dataPath === undefined) {
    const text = await readFile(barley.url, "utf8");
    return { table: parseTable(barley.name, text), dataName: barley.name, dataSource: barley.source };
  }
  const text = await readFile(resolve(dataPath), "utf8").catch((error: unknown) => {
    throw new ConfigError("config.invalid_option", `The table "${dataPath}" cannot be read.`, {
      remedy: "Name a readable CSV file with --data.",
      cause: error,
    });
  });
  return { table: parseTable(basename(dataPath), text), dataName: basename(dataPath) };
}

/** The stand-in made of rules, or the model that is named. @throws ConfigError for a model that cannot be used. */
export async function loadModel(id: string | undefined): Promise<ChatModel> {
  if (id === undefined) return standInModel();
  const { model, parseModelId } = await import("@troupe/ai-sdk");
  return model(parseModelId(id).id);
}
