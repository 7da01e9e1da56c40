import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { headBytes, recordHeadBytes, seedOf } from "../src/format.ts";
import { readMarks } from "../src/marks.ts";
import { missingRecords, type Scan, scanSegment } from "../src/scan.ts";
import { appendAll, inMemory, JournalFolder } from "./journal-folder.ts";

vi.setConfig({ testTimeout: 300_000 });

const texts = Array.from({ length: 30 }, (_, index) => `record ${index} ${"·".repeat(100 + (index % 13))}`);
const firstSegment = "000000000001.segment";
const firstMarks = "000000000001.marks";

/** Where each record ends in a segment that holds all of them. */
const ends = texts.reduce<number[]>((found, text) => {
  found.push((found.at(-1) ?? headBytes) + recordHeadBytes + Buffer.byteLength(text));
  return found;
}, []);

const starts = [headBytes, ...ends.slice(0, -1)];
const noMarks = { begun: new Set<number>(), finished: new Set<number>(), sealedAt: undefined, lossesTold: 0 };

/**
 * A journal whose first segment holds all texts, and whose second one holds "rest"; `sealed` after an orderly end,
 * otherwise as a crash leaves it.
 */
async function written(folder: JournalFolder, sealed: boolean) {
  const { journal } = await folder.open();
  await appendAll(journal, texts);
  const open = await readFile(join(folder.path, firstSegment));
  await journal.close();
  const marks = sealed ? await readFile(join(folder.path, firstMarks)) : Buffer.alloc(0);
  const later = await folder.open();
  await appendAll(later.journal, ["rest"]);
  await later.journal.close();
  return { segment: open, marks, names: await folder.files() };
}

/** Puts a damaged first segment in the place of the written one, and all other files as they were. */
async function damaged(folder: JournalFolder, segment: Uint8Array, marks: Uint8Array) {
  for (const name of await folder.files()) {
    if (name.startsWith("000000000001.") || /damaged$/.test(name)) await rm(join(folder.path, name));
  }
  await writeFile(join(folder.path, firstMarks), marks);
  await writeFile(join(folder.path, firstSegment), segment);
}

/** Whether these are the places of the records that were found. */
function holds({ records }: Scan, positions: readonly number[]): boolean {
  return records.length === positions.length && records.every(({ position }, index) => position === positions[index]);
}

describe("a segment cut off at any byte of its last 4 KiB", () => {
  it.each([
    { ended: "after a crash", sealed: false },
    { ended: "after an orderly end", sealed: true },
  ])("gives back every record before the cut, and those of other segments, $ended", async ({ sealed }) => {
    await using folder = await JournalFolder.make(inMemory);
    const { segment, marks } = await written(folder, sealed);
    expect(segment.length).toBe(ends.at(-1));
    const known = await readMarks(join(folder.path, firstMarks), seedOf(segment));
    const wrong: number[] = [];
    for (let cut = segment.length - 4096; cut < segment.length; cut++) {
      const scan = scanSegment(segment.subarray(0, cut), seedOf(segment));
      const whole = ends.filter((end) => end <= cut).length;
      // Without the seal nobody can know that there was more: a crash in the middle of a write looks the same.
      const lost = sealed ? texts.length - whole : 0;
      const counted = missingRecords(scan, sealed ? known : noMarks).lost.records;
      if (!holds(scan, starts.slice(0, whole)) || counted !== lost) wrong.push(cut);
      // The same by way of the file system, at one place of many.
      if (cut % 97 !== 0) continue;
      await damaged(folder, segment.subarray(0, cut), marks);
      const { texts: found, losses } = await folder.contents();
      expect(found, `cut at ${cut}`).toEqual([...texts.slice(0, whole), "rest"]);
      expect(losses.records, `cut at ${cut}`).toBe(lost);
    }
    expect(wrong).toEqual([]);
  });
});

describe("a segment with a flipped bit anywhere", () => {
  it("loses the record that it is in and no other, and never gives out anything else", async () => {
    await using folder = await JournalFolder.make(inMemory);
    const { segment, marks } = await written(folder, true);
    const known = await readMarks(join(folder.path, firstMarks), seedOf(segment));
    const wrong: number[] = [];
    for (let at = 0; at < segment.length; at++) {
      const flipped = Buffer.from(segment);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      if (at >= headBytes) {
        const scan = scanSegment(flipped, seedOf(segment));
        const others = starts.filter((_, index) => index !== ends.findIndex((end) => at < end));
        if (!holds(scan, others) || missingRecords(scan, known).lost.records !== 1) wrong.push(at);
      }
      // The same by way of the file system, at one place of many.
      if (at % 97 !== 0) continue;
      await damaged(folder, flipped, marks);
      const { texts: found, losses } = await folder.contents();
      const hit = ends.findIndex((end) => at < end);
      const expected = at < headBytes ? [] : texts.filter((_, index) => index !== hit);
      // Four bytes of a record's head are unused, and covered by its checksum all the same.
      expect(found, `flipped at ${at}`).toEqual([...expected, "rest"]);
      expect(losses.records, `flipped at ${at}`).toBe(1);
    }
    expect(wrong).toEqual([]);
  });

  it("is told once, is sent as far as it can be read, and is then put aside", async () => {
    await using folder = await JournalFolder.make(inMemory);
    const { segment, marks } = await written(folder, true);
    const flipped = Buffer.from(segment);
    const inTheSecond = (ends[0] ?? 0) + recordHeadBytes + 3;
    flipped[inTheSecond] = (flipped[inTheSecond] ?? 0) ^ 4;
    await damaged(folder, flipped, marks);

    expect(await folder.contents()).toMatchObject({ losses: { records: 1, items: 1 } });
    expect(folder.host.lines).toMatchObject([{ level: "error", fields: { records: 1, items: 1 } }]);
    const again = await folder.open();
    expect(again.losses).toEqual({ records: 0, items: 0 });
    expect(again.found).toHaveLength(texts.length);
    for (const record of again.found) again.journal.finish(record);
    await again.journal.close();
    expect(await readFile(join(folder.path, "000000000001.damaged"))).toEqual(flipped);
    expect((await folder.contents()).texts).toEqual([]);
  });

  it("in the marks sends records again and never leaves one out", async () => {
    await using folder = await JournalFolder.make(inMemory);
    const first = await folder.open();
    const records = await appendAll(first.journal, texts);
    for (const record of records.slice(0, 10)) {
      await first.journal.begin(record);
      first.journal.finish(record);
    }
    await first.journal.close();
    const [segment, marks] = [
      await readFile(join(folder.path, firstSegment)),
      await readFile(join(folder.path, firstMarks)),
    ];
    for (let at = 0; at < marks.length; at += 2) {
      const flipped = Buffer.from(marks);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      await damaged(folder, segment, flipped);
      const { texts: found, losses } = await folder.contents();
      expect(
        texts.slice(10).every((text) => found.includes(text)),
        `flipped at ${at}`,
      ).toBe(true);
      expect(found.length, `flipped at ${at}`).toBeLessThanOrEqual(21);
      expect(losses.records, `flipped at ${at}`).toBe(0);
    }
  });
});

it("finds a record damaged that was whole when the journal was opened", async () => {
  await using folder = await JournalFolder.make(inMemory);
  await written(folder, true);
  const { journal, found } = await folder.open();
  const bytes = await readFile(join(folder.path, firstSegment));
  await writeFile(join(folder.path, firstSegment), bytes.fill(0, headBytes, ends[0]));
  const [first, second] = found;
  if (first === undefined || second === undefined) throw new Error("the journal is empty");
  await expect(journal.read(first)).rejects.toMatchObject({ code: "DBI_STORAGE" });
  expect(Buffer.from(await journal.read(second)).toString()).toBe(texts[1]);
  for (const record of found) journal.finish(record);
  await journal.close();
  expect(await folder.files()).toContain("000000000001.damaged");
});

it("forgets a file that a crash left without a head", async () => {
  await using folder = await JournalFolder.make(inMemory);
  await written(folder, true);
  await writeFile(join(folder.path, "000000000009.segment"), "");
  const { texts: found, losses } = await folder.contents();
  expect(found).toEqual([...texts, "rest"]);
  expect(losses.records).toBe(0);
  expect(await folder.files()).not.toContain("000000000009.segment");
});
