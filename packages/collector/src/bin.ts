#!/usr/bin/env node
import { main } from "./cli.ts";
import { processTerminal } from "./terminal.ts";

// Who reads our output may close it first (`dbintel schema | head`): that is no failure of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
}

process.exitCode = await main(process.argv.slice(2), processTerminal());
