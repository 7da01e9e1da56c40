// The Node that the project runs on: the machine's where it is new enough, else the one of tools/node.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { repository, run, step } from "./step.mjs";

/**
 * @typedef {object} NodeRuntime
 * @property {string} path The executable.
 * @property {string} version For example "24.21.0".
 * @property {string | undefined} headers The folder that holds its `include`: what native modules compile from.
 * @property {NodeJS.ProcessEnv} env The environment in which `node` is this one.
 */

const tools = join(repository, "tools/node");
const packageFolder = join(tools, "node_modules/node");
const executable = join(packageFolder, "bin", process.platform === "win32" ? "node.exe" : "node");

/**
 * `engines` of the packages: ^24.15.0 || >=26.
 * @param {string} version
 */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return (major === 24 && minor >= 15) || major >= 26;
}

/** @returns {Promise<NodeRuntime>} */
export async function bringNode() {
  if (isNewEnough(process.versions.node)) {
    return runtime(process.execPath, process.versions.node);
  }
  const { dependencies } = JSON.parse(await readFile(join(tools, "package.json"), "utf8"));
  const version = dependencies.node;
  if ((await versionOf(executable)) !== version) {
    const title = `Bringing Node ${version}: this machine's ${process.versions.node} does not do`;
    await step({ name: "node", title }, (log) => npm(["ci"], { cwd: tools, log }));
  }
  return runtime(executable, version);
}

/**
 * Runs npm under a Node: this process's own unless `env` puts another one first.
 * @param {readonly string[]} args
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv, node?: string }} options
 */
export function npm(args, { node = process.execPath, ...options }) {
  const script = process.env.npm_execpath;
  // Set by `npm run`: the very npm that the user called. Another package manager's is of no use here.
  if (script !== undefined && basename(script).startsWith("npm")) return run(node, [script, ...args], options);
  return run(process.platform === "win32" ? "npm.cmd" : "npm", args, options);
}

/**
 * @param {string} path
 * @param {string} version
 * @returns {Promise<NodeRuntime>}
 */
async function runtime(path, version) {
  const env = { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}` };
  return { path, version, headers: await headersOf(path), env };
}

/**
 * Where a Node's own headers are: beside its `bin`, or, for the npm package `node`, in the platform's package below it.
 * @param {string} path
 */
async function headersOf(path) {
  const prefix = dirname(dirname(path));
  const below = join(prefix, "node_modules");
  const platforms = await readdir(below).catch(() => []);
  const candidates = [prefix, ...platforms.map((name) => join(below, name))];
  return candidates.find((folder) => existsSync(join(folder, "include/node/node.h")));
}

/** @param {string} path */
async function versionOf(path) {
  const { stdout } = await promisify(execFile)(path, ["--version"]).catch(() => ({ stdout: "" }));
  return stdout.trim().replace(/^v/, "");
}
