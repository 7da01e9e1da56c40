import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { appendAll, bytesOf, JournalFolder, textsOf } from "../test/journal-folder.ts";

const key = Buffer.alloc(32, 7);

describe("a journal", () => {
  it("makes nothing on disk before there is something to keep", async () => {
    await using folder = await JournalFolder.make();
    const { journal, found } = await folder.open();
    expect(found).toEqual([]);
    expect(journal.diskBytes).toBe(0);
    await expect(folder.files()).rejects.toMatchObject({ code: "ENOENT" });
    await journal.close();
  });

  it("keeps its folder and files from others", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open();
    const records = await appendAll(journal, ["a"]);
    for (const record of records) await journal.begin(record);
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
    for (const name of await folder.files()) {
      expect((await stat(join(folder.path, name))).mode & 0o777, name).toBe(0o600);
    }
    expect(await folder.files()).toEqual(["000000000001.marks", "000000000001.segment"]);
    await journal.close();
  });

  it("gives records back while they live and after a restart, oldest first, finished ones never", async () => {
    await using folder = await JournalFolder.make();
    const first = (await folder.open()).journal;
    const records = await appendAll(first, ["a", "b", "c"]);
    expect(await textsOf(first, records)).toEqual(["a", "b", "c"]);
    for (const record of records.slice(1, 2)) first.finish(record);
    await first.close();

    const { journal, found, losses } = await folder.open();
    expect(losses).toEqual({ records: 0, items: 0 });
    expect(found.map(({ items, uncertain, storedUnixMs }) => ({ items, uncertain, storedUnixMs }))).toEqual(
      Array.from({ length: 2 }, () => ({ items: 1, uncertain: false, storedUnixMs: 1_700_000_000_000 })),
    );
    expect(await textsOf(journal, found)).toEqual(["a", "c"]);
    const later = await appendAll(journal, ["d"]);
    for (const record of [...found, ...later]) journal.finish(record);
    await journal.close();
    expect((await folder.contents()).texts).toEqual([]);
  });

  it("says which records may have been sent before", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open();
    const records = await appendAll(journal, ["a", "b", "c"]);
    for (const record of records.slice(0, 2)) await journal.begin(record);
    for (const record of records.slice(0, 1)) journal.finish(record);
    await journal.close();
    const { found, texts } = await folder.contents();
    expect(texts).toEqual(["b", "c"]);
    expect(found.map(({ uncertain }) => uncertain)).toEqual([true, false]);
  });

  it("gives back space by segments, also when an old record stays, and uses their files again", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open({ segmentBytes: 1000 });
    const [stays] = await appendAll(journal, ["the one that stays"]);
    for (let round = 0; round < 40; round++) {
      for (const record of await appendAll(journal, ["x".repeat(400), "y".repeat(400)])) journal.finish(record);
    }
    // The one with the old record, the active one; of files also spare ones, and one that is on its way to be one.
    expect(journal.diskBytes).toBeLessThan(3 * 1100);
    expect((await folder.files()).filter((name) => !name.endsWith(".marks")).length).toBeLessThanOrEqual(5);
    expect(await textsOf(journal, stays === undefined ? [] : [stays])).toEqual(["the one that stays"]);
    await journal.close();
    expect((await folder.contents()).texts).toEqual(["the one that stays"]);
  });

  it("never takes what a file that is used again held before for a record", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open({ segmentBytes: 2000 });
    for (let round = 0; round < 10; round++) {
      for (const record of await appendAll(journal, ["old".repeat(300), "old".repeat(300)])) journal.finish(record);
    }
    await appendAll(journal, ["new"]);
    // As after a crash: without close, and with all marks gone.
    for (const name of await folder.files()) if (name.endsWith(".marks")) await writeFile(join(folder.path, name), "");
    expect((await folder.contents()).texts).toEqual(["new"]);
    await journal.close();
  });

  it("holds records larger than a segment and records without content", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open({ segmentBytes: 100 });
    await appendAll(journal, ["z".repeat(50_000), "", "after"]);
    await journal.close();
    expect((await folder.contents()).texts).toEqual(["z".repeat(50_000), "", "after"]);
  });

  it("goes on in a folder that somebody has removed", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open({ segmentBytes: 10 });
    await appendAll(journal, ["lost with its folder"]);
    await rm(folder.path, { recursive: true });
    await appendAll(journal, ["kept"]);
    await journal.close();
    expect((await folder.contents()).texts).toEqual(["kept"]);
  });

  it("takes nothing more once it is closed", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open();
    await journal.close();
    await expect(journal.append(bytesOf("late"), 1)).rejects.toMatchObject({ kind: "refused", code: "DBI_STORAGE" });
    await journal.close();
  });
});

describe("encryption", () => {
  const options = { keys: [key] };

  it("leaves nothing readable on disk", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open(options);
    const records = await appendAll(journal, ["select secret from vault", "a second one"]);
    expect(await textsOf(journal, records)).toEqual(["select secret from vault", "a second one"]);
    await journal.close();
    const bytes = await readFile(join(folder.path, "000000000001.segment"));
    expect(bytes.includes("secret")).toBe(false);
    expect((await folder.contents(options)).texts).toEqual(["select secret from vault", "a second one"]);
  });

  it("can be turned on, off and to another key while records wait", async () => {
    await using folder = await JournalFolder.make();
    const other = Buffer.alloc(32, 8);
    const lives = [[], [key], [other, key], [key, other]] as const;
    for (const [life, keys] of lives.entries()) {
      const { journal } = await folder.open({ keys });
      await appendAll(journal, [`life ${life}`]);
      await journal.close();
    }
    expect((await folder.contents({ keys: [key, other] })).texts).toEqual(["life 0", "life 1", "life 2", "life 3"]);
  });

  it("refuses to start without the key, and touches nothing", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open(options);
    await appendAll(journal, ["kept"]);
    await journal.close();
    await expect(folder.open({ keys: [Buffer.alloc(32, 9)] })).rejects.toMatchObject({
      code: "DBI_STORAGE",
      message: expect.stringContaining("is encrypted with a key that is not in the configuration"),
    });
    expect((await folder.contents(options)).texts).toEqual(["kept"]);
  });
});

describe("formats", () => {
  it("leaves alone what a newer program wrote, until that runs again", async () => {
    await using folder = await JournalFolder.make();
    const { journal } = await folder.open();
    await appendAll(journal, ["from the future"]);
    await journal.close();
    const file = join(folder.path, "000000000001.segment");
    const ours = await readFile(file);
    await writeFile(file, ofVersion(ours, 2));

    const older = await folder.open();
    expect(older.found).toEqual([]);
    expect(folder.host.lines).toMatchObject([{ level: "error", fields: { format: 2 } }]);
    await appendAll(older.journal, ["meanwhile"]);
    await older.journal.close();
    expect(await folder.files()).toContain("000000000001.newer");

    // The newer program, which reads its own format: to it the file is what ours is to us.
    await writeFile(join(folder.path, "000000000001.newer"), ours);
    expect((await folder.contents()).texts).toEqual(["from the future", "meanwhile"]);
  });
});

/** The same segment with a head that says that only readers of `version` understand it. */
function ofVersion(segment: Buffer, version: number): Buffer {
  const changed = Buffer.from(segment);
  changed.writeUInt32LE(version, 4);
  changed.writeUInt32LE(version, 8);
  changed.writeUInt32LE(crc32(changed.subarray(0, 60)), 60);
  return changed;
}
