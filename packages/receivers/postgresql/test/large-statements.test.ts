import { readInProcess } from "@dbintel/e2e/reading-in-process";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterEach, expect, it } from "vitest";
import { startWithEntries } from "./statement-file.ts";
import type { Reachable } from "./watch.ts";

const script = new URL("reading-process.ts", import.meta.url);
const megabyte = 2 ** 20;
/** Megabytes of texts: a gigabyte takes its time, see the README. */
const textMegabytes = Number(process.env.DBINTEL_TEST_STATEMENT_FILE_MB ?? 200);
/** A machine with work to do reads and writes a gigabyte slowly. */
const timeoutMs = 300_000;
/** Statements that are told apart, and executions of each. */
const [statements, executions] = [150, 3];

describePostgres(18, "a process that reads the statements", () => {
  let server: PostgresServer;
  afterEach(() => server.stop());

  async function start(args: { readonly entries: number; readonly textBytes: number }): Promise<void> {
    server = await startPostgres({ settings: { "pg_stat_statements.max": args.entries + 1000 } });
    await server.query("CREATE DATABASE load");
    await server.query("CREATE TABLE t (a int)", [], { database: "load" });
    await startWithEntries(server, args);
  }

  async function load(): Promise<number> {
    const session = await server.connect({ database: "load" });
    for (let round = 0; round < executions; round++) {
      for (let columns = 1; columns <= statements; columns++) {
        await session.query(`SELECT ${Array.from({ length: columns }, () => "a").join(", ")} FROM t`);
      }
    }
    await session.end();
    return statements * executions;
  }

  it(
    "of 100,000 entries tells exactly what happened, and holds no more than they need",
    async () => {
      await start({ entries: 100_000, textBytes: 100 });
      await using reader = readInProcess({ script, place: placeOf(server) });
      const first = await reader.poll("load");
      expect([first.calls, first.problems]).toEqual([0, []]);
      for (let times = 0; times < 2; times++) {
        const executed = await load();
        const reading = await reader.poll("load");
        expect([reading.calls, reading.problems]).toEqual([executed, []]);
        expect(reading.rss - first.rss).toBeLessThan(48 * megabyte);
        expect(reading.peak).toBeLessThan(400 * megabyte);
      }
      expect((await reader.poll("load")).calls).toBe(0);
    },
    timeoutMs,
  );

  it(
    `of ${textMegabytes} MB of texts holds none, and tells exactly what happened`,
    async () => {
      const entries = 2000;
      await start({ entries, textBytes: Math.ceil((textMegabytes * megabyte) / entries) });
      await using reader = readInProcess({ script, place: placeOf(server) });
      const first = await reader.poll("load");
      expect(first.calls).toBe(0);
      const executed = await load();
      const reading = await reader.poll("load");
      expect(reading.calls).toBe(executed);
      // The server reads all of its file to give out one text, and may be given up: then the figures come without.
      const told = reading.texts.filter((text) => /^SELECT a(?:, a)* FROM t$/.test(text));
      if (reading.problems.length === 0) expect(told.length).toBeGreaterThan(10);
      else expect(reading.problems).toMatchObject([{ code: "DBI_TIMEOUT", hint: expect.stringContaining("reset()") }]);
      expect(reading.rss - first.rss).toBeLessThan(48 * megabyte);
      expect(reading.peak).toBeLessThan(300 * megabyte);
      expect((await reader.poll("load")).calls).toBe(0);
    },
    timeoutMs,
  );
});

function placeOf({ host, port, superuser, password }: PostgresServer): Reachable {
  return { host, port, superuser, password };
}
