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
    const prefix = dirname(dirname(process.execPath));
    const headers = existsSync(join(prefix, "include/node/node.h")) ? prefix : undefined;
    return runtime(process.execPath, process.versions.node, headers);
  }
  const { dependencies } = JSON.parse(await readFile(join(tools, "package.json"), "utf8"));
  const version = dependencies.node;
  if ((await versionOf(executable)) !== version) {
    const title = `Bringing Node ${version}: this machine's ${process.versions.node} does not do`;
    await step({ name: "node", title }, (log) => npm(["ci"], { cwd: tools, log }));
  }
  return runtime(executable, version, await headersOfPackage());
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
 * @param {string | undefined} headers
 * @returns {NodeRuntime}
 */
function runtime(path, version, headers) {
  return { path, version, headers, env: { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}` } };
}

/** The npm package `node` keeps the platform's files, headers included, in a package of its own below itself. */
async function headersOfPackage() {
  const below = join(packageFolder, "node_modules");
  const platform = (await readdir(below)).find((name) => existsSync(join(below, name, "include/node/node.h")));
  return platform === undefined ? undefined : join(below, platform);
}

/** @param {string} path */
async function versionOf(path) {
  const { stdout } = await promisify(execFile)(path, ["--version"]).catch(() => ({ stdout: "" }));
  return stdout.trim().replace(/^v/, "");
}
