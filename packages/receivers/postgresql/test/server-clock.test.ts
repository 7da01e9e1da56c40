import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectNoHoursLost } from "@dbintel/e2e/blocked-time";
import { eventually } from "@dbintel/e2e/condition";
import { RunningClock } from "@dbintel/e2e/running-clock";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { describeClock, ShiftedClock } from "@dbintel/e2e/shifted-clock";
import { createTestHost, eventsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { watchActivity, watchStatements } from "./watch.ts";

const hourMs = 3_600_000;
/** No interval is longer: one follows the other, on a machine that may be busy. */
const longestNano = 1_800_000_000_000n;
/** A server whose clock can be set is several times slower. */
const slowMs = 300_000;

for (const major of [13, 18]) {
  describePostgres(major, "a server's clock that is set by hours", () => {
    // Within: what is skipped names the nearest that is not on the machine.
    describeClock("while it is watched", () => {
      let folder: string;
      let clock: ShiftedClock;
      let server: PostgresServer;
      let session: pg.Client;

      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), "dbintel-server-clock-"));
        await chmod(folder, 0o755); // the server is another user's
        clock = new ShiftedClock(join(folder, "time"));
        await clock.set("+0h");
        server = await startPostgres({ major });
        await server.restart({ env: clock.lazyEnv });
        await server.query("CREATE DATABASE app");
        session = await server.connect({ database: "app" });
        await session.query("CREATE TABLE counted (id int)");
      }, slowMs);
      afterAll(async () => {
        await session?.end();
        await server?.stop();
        await rm(folder, { recursive: true, force: true });
      });

      /** Sets it, and waits until the server has seen that. */
      async function set(offset: string): Promise<void> {
        await clock.set(offset);
        await eventually(`the server's clock shows ${offset}`, async () => {
          const [row] = await server.query<{ now: number }>("SELECT date_part('epoch', clock_timestamp()) AS now");
          const shown = Number(row?.now) * 1000 - Date.now();
          return Math.abs(shown - Number.parseInt(offset, 10) * hourMs) < hourMs / 2 ? true : undefined;
        });
      }

      const callsOf = (events: readonly SeenEvent[]) =>
        events.reduce((sum, event) => sum + event.number("postgresql.calls"), 0);

      it(
        "each execution is told once, of an interval as long as the time that passed",
        async () => {
          const host = createTestHost({ clock: new RunningClock() });
          const watch = watchStatements(server, { host, reportsDatabase: (name) => name === "app" });
          await watch.poll();
          const lengths: bigint[] = [];
          for (const [round, offset] of ["+2h", "+0h", "-2h"].entries()) {
            for (const afterwards of [false, true]) {
              if (afterwards) await set(offset);
              // One that was there before, and one that is new.
              for (let time = 0; time < 5; time++) await session.query("SELECT id FROM counted");
              await session.query(`SELECT id AS new_${round}_${afterwards} FROM counted WHERE id > ${round}`);
            }
            const events = eventsOf((await watch.poll()).batches);
            expect(callsOf(events), offset).toBe(12);
            for (const event of events) {
              const startNano = event.attributes.get("dbintel.interval.start_time_unix_nano");
              lengths.push(typeof startNano === "bigint" ? event.timeUnixNano - startNano : -1n);
            }
          }
          await watch.close();
          expect(lengths.length).toBeGreaterThanOrEqual(6);
          expect(lengths.filter((each) => each < 0n || each > longestNano)).toEqual([]);
        },
        slowMs,
      );

      it(
        "a session that waits has lost no hours, and never less than before",
        async () => {
          await set("+0h");
          const look = watchActivity(server, { host: createTestHost({ clock: new RunningClock() }) });
          const [holder, waiter] = [
            await server.connect({ database: "app" }),
            await server.connect({ database: "app" }),
          ];
          await holder.query("BEGIN");
          await holder.query("LOCK TABLE counted");
          const waiting = waiter.query("SELECT id FROM counted").catch(() => {});
          const longestSeconds = Number(longestNano) / 1e9;
          await expectNoHoursLost({ set, poll: () => look.poll(), longestSeconds });
          await holder.query("ROLLBACK");
          await waiting;
          await Promise.all([holder.end(), waiter.end()]);
          await look.close();
        },
        slowMs,
      );
    });
  });
}
