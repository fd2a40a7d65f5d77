#!/usr/bin/env node
// The `troupe` command. Node's version is checked before anything loads that an old one cannot parse.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`troupe needs Node.js 22.18 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 2;
} else {
  const { runCommandLine } = await import("./command-line.ts");
  process.exitCode = await runCommandLine(process.argv);
}
