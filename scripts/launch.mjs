#!/usr/bin/env node
// What every command of the root package.json goes through, on any Node from 20 on and before anything is installed:
// a Node that is new enough, the dependencies, the build, then the command itself under that Node.
// Plain JavaScript without dependencies, because nothing else can run at this point.
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { installDependencies } from "./bootstrap/dependencies.mjs";
import { bringNode } from "./bootstrap/node.mjs";
import { locked, repository, run, StepError, step } from "./bootstrap/step.mjs";

/** @type {Record<string, readonly string[]>} The arguments for Node of each command. */
const commands = {
  setup: [],
  build: [],
  start: ["quickstart/main.ts"],
  test: ["--conditions=@dbintel/source", "scripts/test.ts"],
  e2e: ["--conditions=@dbintel/source", "scripts/e2e.ts"],
  "older-postgres": ["scripts/older-postgres.ts"],
  "other-versions": ["--conditions=@dbintel/source", "scripts/other-versions.ts"],
  check: ["--conditions=@dbintel/source", "scripts/check.ts"],
  docs: ["--conditions=@dbintel/source", "scripts/settings-tables.ts"],
  bench: ["--conditions=@dbintel/source", "benchmarks/main.ts"],
};

const [name = "", ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`Usage: node scripts/launch.mjs ${Object.keys(commands).join("|")} [arguments]`);
  process.exit(2);
}

try {
  const node = await locked(async () => {
    const node = await bringNode();
    await installDependencies(node);
    // bin/dbintel reads it, so that the collector starts under the Node that the native modules were made for.
    await writeFile(join(repository, ".cache/setup/node"), `${node.path}\n`);
    await step({ name: "build", title: "Building" }, async (log) => {
      await run(node.path, ["scripts/stale-outputs.ts"], { log });
      await run(node.path, ["node_modules/typescript/bin/tsc", "-b"], { log });
    });
    await step({ name: "bundle", title: "Putting the collector together" }, (log) =>
      run(node.path, ["scripts/bundle.ts"], { log }),
    );
    return node;
  });
  if (command.length > 0) await become(node, [...command, ...args]);
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

/**
 * Runs the command as this process would: its streams, its signals, its exit code.
 * @param {import("./bootstrap/node.mjs").NodeRuntime} node
 * @param {readonly string[]} args
 */
function become(node, args) {
  const child = spawn(node.path, args, { cwd: repository, stdio: "inherit", env: node.env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.exitCode = code ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 0);
      resolve(undefined);
    });
  });
}
