// node_modules as package-lock.json says, with native modules compiled for the Node that will load them.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { npm } from "./node.mjs";
import { repository, StepError, step } from "./step.mjs";

/** Lies in node_modules, so that it goes with them. */
const stampFile = join(repository, "node_modules/.dbintel-setup");

/** @param {import("./node.mjs").NodeRuntime} node */
export async function installDependencies(node) {
  const lock = await readFile(join(repository, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex");
  const stamp = `${hash} node ${node.version} ${process.platform}-${process.arch}\n`;
  if ((await readFile(stampFile, "utf8").catch(() => "")) === stamp) return;
  const title = "Installing dependencies (compiling a native module may take two minutes)";
  await step({ name: "install", title }, (log) => install(node, log));
  await writeFile(stampFile, stamp);
}

/**
 * @param {import("./node.mjs").NodeRuntime} node
 * @param {string} log
 */
async function install(node, log) {
  // The environment wins over any npmrc, which may name another Node's headers.
  const nodedir = node.headers === undefined ? {} : { npm_config_nodedir: node.headers };
  try {
    await npm(["ci", "--no-fund", "--no-audit"], { log, node: node.path, env: { ...node.env, ...nodedir } });
  } catch (error) {
    const missing = await missingBuildTools();
    const failedCompiling = (await readFile(log, "utf8")).includes("node-gyp");
    if (!(error instanceof StepError) || !failedCompiling || missing.length === 0) throw error;
    throw new StepError(`${error.message}\n\n${howToInstall(missing)}`);
  }
}

/** What node-gyp needs and this machine lacks. */
async function missingBuildTools() {
  /** @param {readonly string[]} programs */
  const lacks = async (...programs) => {
    for (const program of programs) {
      const found = await promisify(execFile)(program, ["--version"]).then(
        () => true,
        () => false,
      );
      if (found) return false;
    }
    return true;
  };
  const needs = { "a C++ compiler": ["g++", "c++", "clang++"], make: ["make", "gmake"], Python: ["python3", "python"] };
  const missing = [];
  for (const [name, programs] of Object.entries(needs)) if (await lacks(...programs)) missing.push(name);
  return missing;
}

/** @param {readonly string[]} missing */
function howToInstall(missing) {
  return [
    `The module re2 has no ready binary for this machine and must be compiled, but ${missing.join(" and ")} is missing. Install:`,
    "  Debian, Ubuntu   apt-get install -y g++ make python3",
    "  Fedora, RHEL     dnf install -y gcc-c++ make python3",
    "  Alpine           apk add g++ make python3",
    "  macOS            xcode-select --install",
    "  Windows          use WSL, then as for Debian",
    "and run the same command again.",
  ].join("\n");
}
