// What a page loads of Troupe for the least program that is an agent must not grow unnoticed. Needs a build: what is in one file of a
// package stays together, and only a call that is marked as pure can be left out of it.
import { join } from "node:path";
import { bundleMinimalAgent } from "../../bench/package/minimal-bundle.ts";
import { root } from "../run-step.ts";
import { report } from "../tracked-files.ts";

/** Kilobytes, gzipped: what was reached, rounded up. Lower them when it gets smaller; raise them with the reason in the commit. */
const limits = { ownModel: 103, aiSdkModel: 103 };

const { ownModel, aiSdkModel } = await bundleMinimalAgent(join(root, "out", "bundle-size"));
report(
  [
    ...above("with a model of its own", ownModel, limits.ownModel),
    ...above("with an AI SDK model", aiSdkModel, limits.aiSdkModel),
  ],
  `a minimal agent loads ${kilobytes(ownModel)}, with an AI SDK model ${kilobytes(aiSdkModel)}`,
);

function above(which: string, bytes: number, limit: number): readonly string[] {
  return bytes <= limit * 1000
    ? []
    : [`a minimal agent ${which} loads ${kilobytes(bytes)}, at most ${limit} are wanted`];
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
