// Runs the three processes one after the other in an empty folder, and counts what was done.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = mkdtempSync(join(tmpdir(), "human-approval-"));
const program = fileURLToPath(new URL("process.ts", import.meta.url));
try {
  const output = ["ask", "answer", "finish"].map((role) =>
    execFileSync(process.execPath, ["--conditions=troupe-source", program, role], { cwd: folder, encoding: "utf8" }),
  );
  console.log(output.join("").trimEnd());
  const [asked = "", , finished = ""] = output;
  assert.match(asked, /input-required, 2 questions/u);
  assert.match(finished, /graph-complete, Both are done\./u);
  const effects = readFileSync(join(folder, "effects.txt"), "utf8").trimEnd().split("\n").sort();
  assert.deepEqual(effects, ["looked up invoice-1", "looked up invoice-2", "paid invoice-1", "paid invoice-2"]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
