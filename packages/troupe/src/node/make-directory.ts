import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it. `mkdir` with `recursive` never ends where the system answers that a directory's parent is missing
 * although it is there (/proc).
 *
 * @throws What the file system says.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const parent = dirname(directory);
  if (existsSync(directory) || parent === directory) return;
  await makeDirectory(parent);
  try {
    await mkdir(directory);
  } catch (error) {
    // Made by somebody else in between.
    if (!existsSync(directory)) throw error;
  }
}
