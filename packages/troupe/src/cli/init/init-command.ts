import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { ConfigError } from "@troupe/core";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { packageVersion } from "../package-version.ts";
import { projectFiles } from "./project-files.data.ts";

/**
 * Writes a small project that runs at once: a team on an offline model, its test, and the words to go on from.
 *
 * @throws ConfigError `config.invalid_option` when the directory holds files, or its name cannot name a package.
 */
export async function initCommand(directory: string): Promise<ExitCode> {
  const target = resolve(directory);
  const name = packageName(basename(target));
  await assertEmpty(target, directory);
  for (const [path, text] of Object.entries(projectFiles({ name, version: packageVersion() }))) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await writeFile(join(target, path), text, { flag: "wx" });
  }
  const place = relative(process.cwd(), target) || ".";
  process.stdout.write(`Created ${name} in ${place}. It runs at once, without a key:\n\n`);
  if (place !== ".") process.stdout.write(`  cd ${place}\n`);
  process.stdout.write(
    '  npx troupe run team.ts "Write a toast for a colleague who retires"\n  npx troupe chat team.ts\n',
  );
  process.stdout.write("\nREADME.md says how to put a real model in, and how to test the team.\n");
  return exitCodes.ok;
}

async function assertEmpty(target: string, directory: string): Promise<void> {
  const entries = await readdir(target).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw notUsable(`"${directory}" cannot be used as a directory.`, error);
  });
  if (entries.length > 0) throw notUsable(`"${directory}" already holds files.`);
}

/** npm's rules for names, as far as a directory name can break them. */
function packageName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[-._]+|[-._]+$/g, "");
  if (name !== "") return name;
  throw notUsable(`"${text}" has no letter or digit that a package name could be made of.`);
}

function notUsable(message: string, cause?: unknown): ConfigError {
  return new ConfigError("config.invalid_option", message, {
    remedy: "Name a new or empty directory, such as my-team.",
    cause,
  });
}
