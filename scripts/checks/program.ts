import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** How a program ended, with all that it printed. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** A program of `node_modules`, run by this Node. */
export function tool(entry: string, args: readonly string[] = []): Promise<Outcome> {
  return program(process.execPath, [`node_modules/${entry}`, ...args]);
}

/** Runs a program in the repository, collecting what it prints. */
export async function program(command: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(command, args, { cwd: repository, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (text: string) => {
    output += text;
  };
  child.stdout.setEncoding("utf8").on("data", collect);
  child.stderr.setEncoding("utf8").on("data", collect);
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : 1, output };
}
