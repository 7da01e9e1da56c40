import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPgbouncer, startPostgres } from "@dbintel/e2e/servers";
import { describePgbouncer } from "@dbintel/e2e/servers/vitest";
import type { Component } from "@dbintel/pipeline";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { SessionLock } from "@dbintel/watching";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { postgresql } from "../src/index.ts";
import { AdvisoryLock } from "../src/lease/advisory-lock.ts";
import { never, settingsOf } from "./watch.ts";

/** Nine of these are a lease, which has to be renewed in real time. */
const passMs = 1000;
const patient = { deadlineMs: 50_000 };

describePgbouncer("before a server that two collectors watch", () => {
  let server: PostgresServer;
  const running: Component[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await Promise.all(running.splice(0).map((component) => component.stop({ signal: never })));
  });

  async function start(address: { readonly host: string; readonly port: number }) {
    const { definition, config } = postgresql({
      ...{ endpoint: `${address.host}:${address.port}`, username: server.superuser, password: server.password },
      ...{ tls: { insecure: true }, initial_delay: "0s", timeout: "1h", high_availability: { enabled: true } },
      ...{ active_sessions: { enabled: false }, object_collection: { enabled: false } },
      // A statement seems to take as long as the clock was moved meanwhile.
      budget: { max_database_share: "1000000%" },
      circuit_breaker: { slow_call_duration: "10h" },
    });
    const host = createTestHost();
    const [metrics, logs] = [new Sink<"metrics">(), new Sink<"logs">()];
    const component = definition.create({ id: "postgresql", config, host, next: { metrics, logs } });
    await component.start({ signal: never });
    running.push(component);
    return {
      polled: () => metrics.batches.length + logs.batches.length,
      leads: () => host.lines.some(({ message }) => message.startsWith("holds the lease")),
      pooled: () => host.lines.find(({ fields }) => fields.code === "DBI_DATABASE_POOLER"),
      pass: () => host.clock.advance(passMs),
    };
  }

  const locks = async () => {
    const [row] = await server.query<{ locks: number }>(
      "SELECT count(*)::int AS locks FROM pg_locks WHERE locktype = 'advisory'",
    );
    return row?.locks;
  };

  for (const poolMode of ["session", "transaction"] as const) {
    for (const [does, ignoredParameters, says] of [
      ["refuses", [], "does not take the limits"],
      ["drops", ["options", "extra_float_digits"], "a connection pooler stands before"],
    ] as const) {
      it(`has no collector poll in ${poolMode} mode when it ${does} what is set for the session`, async () => {
        await using pooler = await startPgbouncer(server, { poolMode, ignoredParameters });
        const collectors = [await start(pooler), await start(pooler)];
        const told = async () => {
          for (const collector of collectors) await collector.pass();
          return collectors.every(({ pooled }) => pooled() !== undefined) ? true : undefined;
        };
        await eventually("both say why they do not poll", told, patient);
        for (const { pooled } of collectors) expect(pooled()?.message).toContain(says);
        expect(await locks()).toBe(0);
        // Nothing is left behind that would keep away one that asks the server itself.
        const direct = await start(server);
        const polls = async () => {
          for (const collector of [...collectors, direct]) await collector.pass();
          return direct.leads() && direct.polled() > 1 ? true : undefined;
        };
        await eventually("that one polls", polls, patient);
        expect(collectors.map(({ polled }) => polled())).toEqual([0, 0]);
        expect(await locks()).toBe(1);
      });
    }
  }

  it("is noticed even when it tells the server's own number and passes the settings on", async () => {
    const connection = new DatabaseConnection(settingsOf(server), "postgres");
    // As when a pooler gives the session of one collector to another one.
    const [first, second] = ["first", "second"].map(
      (mark) => new SessionLock({ dialect: new AdvisoryLock(connection, "shared"), endpoint: "db:5432", mark }),
    );
    const pooled = { code: "DBI_DATABASE_POOLER", hint: expect.stringContaining("high_availability.enabled") };
    expect(await first?.take(60_000, never)).toBe(true);
    expect(await first?.holds(never)).toBe(true);
    await expect(second?.take(60_000, never)).rejects.toMatchObject(pooled);
    await connection.query("SELECT set_config('dbintel.lease', 'third', false)", [], never);
    await expect(first?.holds(never)).rejects.toMatchObject(pooled);
    await connection.close();
    // Of a session that is lost it is known, and not blamed on a pooler.
    expect(await first?.holds(never)).toBe(false);
    expect(await first?.take(60_000, never)).toBe(true);
    await connection.close();
  });
});
