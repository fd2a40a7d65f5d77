#!/usr/bin/env node
// The `troupe` command. Node's version is checked before anything loads that an old one cannot parse.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`troupe needs Node.js 22.18 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 2;
} else {
  // A reader that leaves, such as head, has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  // Node 22 calls its own SQLite experimental; whoever runs the command can do nothing about it.
  const listeners = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name === "ExperimentalWarning" && warning.message.startsWith("SQLite ")) return;
    for (const listener of listeners) listener(warning);
  });
  const { runCommandLine } = await import("./command-line.ts");
  process.exitCode = await runCommandLine(process.argv);
}
