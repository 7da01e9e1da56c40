#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { processTerminal } from "./terminal.ts";

// Who reads our output may close it first (`dbintel schema | head`): that is no failure of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
}

// Compiled code is kept between starts, beside the program: a shared folder such as /tmp could be written by others.
// What is imported before this call is not kept; where the folder cannot be written nothing is.
enableCompileCache(fileURLToPath(new URL(".compile-cache", import.meta.url)));
const { main } = await import("./cli.ts");
const exitCode = await main(process.argv.slice(2), processTerminal());
// What has been written is on its way before the end; where that is closed, there is nothing to wait for.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write("", resolve));
}
// Nothing is under way any more that anybody waits for. An export of own metrics that its destination does not answer
// would keep the process for as long as it may take.
process.exit(exitCode);
