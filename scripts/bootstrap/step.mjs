// Steps that say what they do when they take long, and leave their output where it can be read when they fail.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(repository, ".cache/setup");

/** A failure that is explained by its message alone. */
export class StepError extends Error {}

/**
 * Runs `work`, which writes its output to the file that it is given. Prints the title once a second has passed, then
 * a sign of life every twenty seconds: a step that has nothing to do stays silent.
 * @template T
 * @param {{ name: string, title: string }} step
 * @param {(log: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step({ name, title }, work) {
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1000);
  let announced = false;
  const announce = setTimeout(() => {
    announced = true;
    console.log(`${title} …`);
  }, 1000);
  const alive = setInterval(() => console.log(`  … ${seconds()} s`), 20_000);
  try {
    await mkdir(cache, { recursive: true });
    const result = await work(join(cache, `${name}.log`));
    if (announced) console.log(`  done in ${seconds()} s`);
    return result;
  } finally {
    clearTimeout(announce);
    clearInterval(alive);
  }
}

/**
 * Runs a program to its end with its output in `log`. Rejects with a StepError that shows the end of the output.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv }} options
 */
export async function run(program, args, { log, cwd = repository, env = process.env }) {
  const output = createWriteStream(log);
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  await new Promise((resolve) => output.end(resolve));
  if (code === 0) return;
  const lines = (await readFile(log, "utf8")).trimEnd().split("\n");
  throw new StepError(`${lines.slice(-25).join("\n")}\n\n${program} ${args.join(" ")} failed; all of it: ${log}`);
}

/**
 * Lets only one of several commands started at once prepare the checkout; the others wait for it.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function locked(work) {
  const lock = join(cache, "lock");
  await mkdir(dirname(lock), { recursive: true });
  for (let waited = false; !(await take(lock)); await delay(200)) {
    if (!waited) console.log("Another command is preparing this checkout; waiting for it …");
    waited = true;
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** @param {string} lock */
async function take(lock) {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  const owner = Number(await readFile(lock, "utf8").catch(() => "0"));
  if (owner > 0 && !isAlive(owner)) await rm(lock, { force: true });
  return false;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
