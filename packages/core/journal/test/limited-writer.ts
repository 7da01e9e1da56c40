import { createTestHost } from "@dbintel/pipeline/testing";
import { openJournal } from "../src/index.ts";

/** Appends to a journal on a disk that does not take everything, and tells which records it took and which it refused. */
const [, , folder = ""] = process.argv;
const { clock, random, logger } = createTestHost();
const { journal } = await openJournal({ folder, clock, random, logger });
const taken: number[] = [];
const refused: { readonly id: number; readonly error: unknown }[] = [];
for (let id = 0; id < 40; id += 4) {
  const group = Array.from({ length: 4 }, async (_, index) => {
    const content = Buffer.alloc(9000, `${id + index} `);
    try {
      await journal.append(content, 1);
      taken.push(id + index);
    } catch (error) {
      refused.push({ id: id + index, error });
    }
  });
  await Promise.all(group);
}
process.stdout.write(
  JSON.stringify({
    taken,
    refused: refused.map(({ id }) => id),
    errors: refused.map(({ error }) => (error instanceof Error && "code" in error ? error.code : String(error))),
  }),
);
// As a crash would end it: nothing is closed.
process.kill(process.pid, "SIGKILL");
