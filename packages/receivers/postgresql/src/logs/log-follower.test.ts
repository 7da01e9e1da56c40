import { appendFile, mkdtemp, rename, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JsonLog } from "./json-log.ts";
import { LinePrefix } from "./line-prefix.ts";
import type { LogReader } from "./log-entry.ts";
import { LocalLogFiles } from "./log-files.ts";
import { type LogBookmark, LogFollower } from "./log-follower.ts";
import { StderrLog } from "./stderr-log.ts";

const signal = new AbortController().signal;
const kilobyte = 1024;

function line(message: string): string {
  return `{"timestamp":"2026-03-02 10:00:00.000 UTC","error_severity":"LOG","message":${JSON.stringify(message)}}\n`;
}

describe("a log that is followed", () => {
  let folder: string;
  let file: string;
  let follower: LogFollower;
  let bookmark: LogBookmark | undefined;
  const json = new JsonLog({ zoneSeconds: 0 });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-log-"));
    file = join(folder, "postgresql.json");
    follower = new LogFollower({ mostBytes: 64 * kilobyte });
    bookmark = undefined;
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** The messages of one poll, whose end is remembered. */
  async function poll(reader: LogReader = json, path = file): Promise<readonly string[]> {
    const reading = await follower.read({ files: new LocalLogFiles(path), reader, bookmark, signal });
    bookmark = reading.bookmark;
    return reading.entries.map(({ message }) => message);
  }

  async function gaps(reader: LogReader = json) {
    const reading = await follower.read({ files: new LocalLogFiles(file), reader, bookmark, signal });
    bookmark = reading.bookmark;
    return { gaps: Object.fromEntries(reading.gaps), messages: reading.entries.map(({ message }) => message) };
  }

  it("is read from its end on, each entry once, also by another process that has the bookmark", async () => {
    await writeFile(file, line("before"));
    expect(await poll()).toEqual([]);
    await appendFile(file, line("one") + line("two"));
    expect(await poll()).toEqual(["one", "two"]);
    expect(await poll()).toEqual([]);
    await appendFile(file, line("three").slice(0, 50));
    expect(await poll()).toEqual([]);
    follower = new LogFollower({ mostBytes: 64 * kilobyte });
    await appendFile(file, line("three").slice(50));
    expect(await poll()).toEqual(["three"]);
  });

  it("goes on in the files that follow, and reads each to its end", async () => {
    await writeFile(file, line("before"));
    await poll();
    await appendFile(file, line("last of the first"));
    const names = ["postgresql-2.json", "postgresql-3.json", "postgresql.log"];
    for (const [index, name] of names.entries()) {
      await writeFile(join(folder, name), line(`in ${name}`));
      // The clock of the file system may not tell them apart.
      await utimes(join(folder, name), 2_000_000_000 + index, 2_000_000_000 + index);
    }
    expect(await poll(json, join(folder, "postgresql-3.json"))).toEqual([
      "last of the first",
      "in postgresql-2.json",
      "in postgresql-3.json",
    ]);
    expect(await poll(json, join(folder, "postgresql-3.json"))).toEqual([]);
  });

  it("begins anew in a file that was truncated, or replaced by one that is as long or longer", async () => {
    await writeFile(file, line("before"));
    await poll();
    await appendFile(file, line("one"));
    expect(await poll()).toEqual(["one"]);
    await truncate(file);
    await appendFile(file, line("a"));
    expect(await poll()).toEqual(["a"]);
    await writeFile(`${file}.new`, line("x") + line("y") + line("z"));
    await rename(`${file}.new`, file);
    expect(await poll()).toEqual(["x", "y", "z"]);
  });

  it("counts that a file was removed, and goes on in the next", async () => {
    await writeFile(file, line("before"));
    await poll();
    await appendFile(file, line("nobody reads this"));
    await rm(file);
    const next = join(folder, "postgresql-2.json");
    await writeFile(next, line("in the next"));
    await utimes(next, 2_000_000_000, 2_000_000_000);
    file = next;
    expect(await gaps()).toEqual({ gaps: { removed: 0 }, messages: ["in the next"] });
  });

  it("reads no more than it may at once, and catches up", async () => {
    await writeFile(file, line("before"));
    await poll();
    const messages = Array.from({ length: 3000 }, (_, number) => `message ${number}`);
    await appendFile(file, messages.map(line).join(""));
    const found: string[] = [];
    for (let polls = 0; found.length < messages.length; polls++) {
      const {
        bytes,
        entries,
        bookmark: next,
      } = await follower.read({
        ...{ files: new LocalLogFiles(file), reader: json, bookmark, signal },
      });
      expect(bytes).toBeLessThanOrEqual(64 * kilobyte);
      expect(polls).toBeLessThan(10);
      bookmark = next;
      found.push(...entries.map(({ message }) => message));
    }
    expect(found).toEqual(messages);
  });

  it("leaves out what it cannot catch up with, and says how much", async () => {
    await writeFile(file, line("before"));
    await poll();
    const filler = line("x".repeat(1000));
    await appendFile(file, filler.repeat(2000) + line("the last"));
    const { gaps: counted, messages } = await gaps();
    expect(messages.at(-1)).toBe("the last");
    expect(messages.length).toBeLessThan(64);
    const length = Buffer.byteLength(filler.repeat(2000) + line("the last"));
    expect(counted.behind).toBe(length - 64 * kilobyte);
  });

  it("is not held up by an entry that is longer than all that it may read", async () => {
    await writeFile(file, line("before"));
    await poll();
    const endless = line("x".repeat(300 * kilobyte));
    await appendFile(file, endless + line("after"));
    let counted = 0;
    const messages: string[] = [];
    for (let polls = 0; polls < 6; polls++) {
      const found = await gaps();
      counted += found.gaps.unreadable ?? 0;
      messages.push(...found.messages);
    }
    expect(messages).toEqual(["after"]);
    expect(counted).toBe(Buffer.byteLength(endless));
  });

  it("passes over a line of a gigabyte", async () => {
    await writeFile(file, line("before"));
    await poll();
    await truncate(file, 2 ** 30);
    await appendFile(file, `\n${line("after")}`);
    const { gaps: counted, messages } = await gaps();
    expect(messages).toEqual(["after"]);
    expect((counted.behind ?? 0) + (counted.unreadable ?? 0)).toBe(2 ** 30 + 1 - Buffer.byteLength(line("before")));
  });

  it("waits for the lines that may follow, and gives them up when none comes or the file is left", async () => {
    const stderr = new StderrLog({ prefix: new LinePrefix("[%p] "), zoneSeconds: 0 });
    await writeFile(file, "");
    await poll(stderr);
    await appendFile(file, "[1] ERROR:  one\n[1] STATEMENT:  SELECT 1\n");
    expect(await poll(stderr)).toEqual([]);
    await appendFile(file, "\tFROM orders\n");
    expect(await poll(stderr)).toEqual([]);
    const reading = await follower.read({ files: new LocalLogFiles(file), reader: stderr, bookmark, signal });
    expect(reading.entries.map(({ statement }) => statement)).toEqual(["SELECT 1\nFROM orders"]);
  });

  it("reads every entry once, however it is written, rotated and looked at", async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("write" as const), lengths: fc.array(fc.nat(3000), { maxLength: 10 }) }),
        fc.record({ kind: fc.constantFrom("rotate" as const, "poll" as const, "restart" as const) }),
      ),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        await rm(folder, { recursive: true });
        folder = await mkdtemp(join(tmpdir(), "dbintel-log-"));
        let files = 0;
        const next = async () => {
          file = join(folder, `postgresql-${++files}.json`);
          await writeFile(file, "");
        };
        await next();
        bookmark = undefined;
        await poll();
        const written: string[] = [];
        const found: string[] = [];
        for (const step of all) {
          if (step.kind === "rotate") await next();
          else if (step.kind === "poll") found.push(...(await poll()));
          else if (step.kind === "restart") follower = new LogFollower({ mostBytes: 64 * kilobyte });
          else if (step.kind === "write" && "lengths" in step) {
            for (const length of step.lengths) {
              written.push(`${written.length} ${"x".repeat(length)}`);
              await appendFile(file, line(written.at(-1) ?? ""));
            }
          }
          // The clock of the file system may not tell files apart.
          await utimes(file, 2_000_000_000 + files, 2_000_000_000 + files);
        }
        for (let polls = 0; polls < 10; polls++) found.push(...(await poll()));
        expect(found).toEqual(written);
      }),
      { numRuns: 50 },
    );
  });
});
