import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Row } from "../harness/results.ts";
import { type Candidate, candidates } from "./candidate.ts";

/** What a process found in a store. */
export interface Found {
  readonly whole: number;
  /** Records with bytes that nobody wrote. */
  readonly changed: number;
  /** Whether it could put one more. */
  readonly usable: boolean;
}

const records = 200;
const flips = 60;
const kills = 10;
/** Bytes that are missing at the end of the largest file. */
const cuts = [...Array.from({ length: 16 }, (_, index) => 1 + index * 256), 50_000, 200_000, 1_000_000];
const source = ["--conditions=@dbintel/source"];
const reader = fileURLToPath(new URL("./reader.ts", import.meta.url));
const writer = fileURLToPath(new URL("./writer.ts", import.meta.url));

/** Half a kilobyte to twenty, told apart by the id. */
export function contentOf(id: number): Buffer {
  return Buffer.alloc(500 + ((id * 7919) % 20_000), `record ${id} `);
}

function look(candidate: Candidate, folder: string): Found & { readonly died: boolean } {
  const { stdout, signal } = spawnSync(process.execPath, [...source, reader, candidate.name, folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const nothing: Found = { whole: 0, changed: 0, usable: false };
  return { ...(stdout === "" ? nothing : (JSON.parse(stdout) as Found)), died: signal !== null };
}

/** Writes until it is killed, and says which records were acknowledged. */
async function write(candidate: Candidate, folder: string, args: readonly number[], killAfter: number) {
  const child = fork(writer, [candidate.name, folder, ...args.map(String)], { execArgv: source });
  const acknowledged = new Set<number>();
  child.on("message", (id: number) => {
    acknowledged.add(id);
    if (acknowledged.size === killAfter) child.kill("SIGKILL");
  });
  await once(child, "close");
  return acknowledged;
}

/** kill -9 again and again: what was acknowledged and is not there in the end. */
async function killed(candidate: Candidate, parent: string): Promise<number> {
  const folder = await mkdtemp(join(parent, "kill-"));
  let acknowledged = 0;
  for (let life = 0; life < kills; life++) {
    acknowledged += (await write(candidate, folder, [life * 10_000, 10_000], 20 + life * 7)).size;
  }
  const { whole } = look(candidate, folder);
  await rm(folder, { recursive: true });
  return Math.max(0, acknowledged - whole);
}

interface Tally {
  mostLost: number;
  changed: number;
  unusable: number;
  died: number;
}

/** Opens the same store once for each fault, and sums up what that cost. */
async function faults(
  candidate: Candidate,
  args: { readonly parent: string; readonly count: number; readonly fault: (bytes: Buffer, index: number) => Buffer },
): Promise<Tally> {
  const [whole, damaged] = [join(args.parent, "whole"), join(args.parent, "damaged")];
  const sizes = await Promise.all(
    (await readdir(whole, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && candidate.holdsData(entry.name))
      .map(async ({ name }) => ({ name, bytes: await readFile(join(whole, name)) })),
  );
  const [largest] = sizes.toSorted((one, other) => other.bytes.length - one.bytes.length);
  if (largest === undefined) throw new Error(`${candidate.name} wrote nothing`);
  const tally: Tally = { mostLost: 0, changed: 0, unusable: 0, died: 0 };
  for (let index = 0; index < args.count; index++) {
    await rm(damaged, { recursive: true, force: true });
    await cp(whole, damaged, { recursive: true });
    await writeFile(join(damaged, largest.name), args.fault(Buffer.from(largest.bytes), index));
    const { whole: found, changed, usable, died } = look(candidate, damaged);
    tally.mostLost = Math.max(tally.mostLost, records - found - changed);
    if (changed > 0) tally.changed++;
    if (!usable) tally.unusable++;
    if (died) tally.died++;
  }
  return tally;
}

function flipped(bytes: Buffer, index: number): Buffer {
  const at = Math.floor((bytes.length * (index + 0.37)) / flips);
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  return bytes;
}

/** What crashes and damage cost each candidate. */
export async function damage(parent: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const candidate of candidates) {
    const own = await mkdtemp(join(parent, "damage-"));
    const whole = join(own, "whole");
    await cp(await mkdtemp(join(own, "empty-")), whole, { recursive: true });
    await write(candidate, whole, [0, records], Number.POSITIVE_INFINITY);
    const flip = await faults(candidate, { parent: own, count: flips, fault: flipped });
    const cut = await faults(candidate, {
      parent: own,
      count: cuts.length,
      fault: (bytes, index) => bytes.subarray(0, Math.max(0, bytes.length - (cuts[index] ?? 0))),
    });
    rows.push({
      name: candidate.name,
      figures: {
        [`lost by ${kills} kills`]: await killed(candidate, own),
        [`most lost by one of ${flips} flips`]: flip.mostLost,
        "flips given out": flip.changed,
        "unusable by a flip": flip.unusable,
        [`most lost by one of ${cuts.length} cuts`]: cut.mostLost,
        "cuts given out": cut.changed,
        "unusable by a cut": cut.unusable,
        "process died": flip.died + cut.died,
      },
    });
    await rm(own, { recursive: true });
  }
  return rows;
}
