import { createTestHost } from "@dbintel/pipeline/testing";
import { openJournal } from "../src/index.ts";

/**
 * Takes over a journal and lives until it is killed: sends and finishes what it finds, appends, sends and finishes
 * more, and tells by messages what was acknowledged and what was sent.
 */
const [, , folder = "", life = "", segmentBytes = ""] = process.argv;
const { clock, random, logger } = createTestHost({ seed: Number(life) });
const { journal, found } = await openJournal({ folder, clock, random, logger, segmentBytes: Number(segmentBytes) });
let made = 0;

async function deliver(record: (typeof found)[number]): Promise<void> {
  await journal.begin(record);
  const text = Buffer.from(await journal.read(record)).toString();
  await told({ sent: text.split(" ", 1)[0] });
  journal.finish(record);
}

/** Resolves when the message is on its way, also where the parent is slow to read: the kill takes no message back then. */
function told(message: { readonly sent: string | undefined }): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}

process.send?.({ uncertain: await Promise.all(found.filter((record) => record.uncertain).map(idOf)) });

async function idOf(record: (typeof found)[number]): Promise<string | undefined> {
  return Buffer.from(await journal.read(record))
    .toString()
    .split(" ", 1)[0];
}

async function work(worker: number): Promise<void> {
  while (process.connected) {
    const id = `${life}-${made++}`;
    const content = Buffer.from(`${id} ${"x".repeat(Math.floor(random.next() * 3000))}`);
    const record = await journal.append(content, 1);
    process.send?.({ acknowledged: id });
    // Every fourth stays: there is always something that waits.
    if ((made + worker) % 4 !== 0) await deliver(record);
  }
}

for (const record of found.slice(0, Math.floor(found.length / 2))) await deliver(record);
await Promise.all(Array.from({ length: 8 }, (_, worker) => work(worker)));
