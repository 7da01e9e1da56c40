import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { JournalFolder, textsOf } from "./journal-folder.ts";

const writer = fileURLToPath(new URL("limited-writer.ts", import.meta.url));

/**
 * A limit on the size of files (RLIMIT_FSIZE) stands for a full disk: like one it takes the first part of a write, and
 * then nothing. The shell ignores the signal that comes with it, and so does what it starts.
 */
function underLimit(kilobytes: number, args: readonly string[]): Promise<string> {
  const command = `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$0" "$@"`;
  return new Promise((resolve) => {
    execFile("bash", ["-c", command, process.execPath, ...args], (_error, stdout) => resolve(stdout));
  });
}

it("refuses what a disk that is full in the middle of a write does not take, and keeps the rest", async () => {
  await using folder = await JournalFolder.make();
  const stdout = await underLimit(100, ["--conditions=@dbintel/source", writer, folder.path]);
  const told = JSON.parse(stdout) as {
    readonly taken: number[];
    readonly refused: number[];
    readonly errors: string[];
  };
  // 36 kB at a time: every third group does not fit, and the next one finds a new file.
  expect(told.refused.length).toBeGreaterThanOrEqual(8);
  expect(told.taken.length).toBeGreaterThanOrEqual(16);
  expect(told.errors).toEqual(told.errors.map(() => "DBI_STORAGE"));

  const { journal, found, losses } = await folder.open();
  const kept = (await textsOf(journal, found)).map((text) => Number(text.split(" ", 1)[0]));
  await journal.close();
  expect(kept).toEqual(told.taken.toSorted((one, other) => one - other));
  expect(losses).toEqual({ records: 0, items: 0 });
});
