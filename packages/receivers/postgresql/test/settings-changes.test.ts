import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { createTestHost, eventsOf, type SeenEvent, type TestHost } from "@dbintel/pipeline/testing";
import { SettingsPoll } from "@dbintel/watching";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { Visits } from "../src/connection/visits.ts";
import { instanceResource } from "../src/resource.ts";
import { postgresqlSettings } from "../src/settings-changes/settings-dialect.ts";
import { never, settingsOf } from "./watch.ts";

describe("changes of settings on a real server", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
    await server.query("CREATE ROLE otel LOGIN PASSWORD 'otel-password' IN ROLE pg_monitor");
    await server.query("ALTER ROLE otel SET statement_timeout = '1min'");
    await server.query("CREATE DATABASE app");
  });

  afterAll(() => server.stop());

  function watch(host: TestHost = createTestHost()) {
    const settings = settingsOf(server, { username: "otel", password: "otel-password" });
    const context = { endpoint: "test:5432", username: "otel", database: "postgres" };
    const views = new KnownServer(new DatabaseConnection(settings, "postgres"), context.endpoint);
    const resource = instanceResource({ host: server.host, port: server.port, enabled: () => true });
    const poll = new SettingsPoll({
      host,
      dialect: postgresqlSettings({ host, views, visits: new Visits(settings, views), resource, context }),
    });
    return {
      host,
      poll,
      async look(): Promise<readonly SeenEvent[]> {
        const result = await poll.poll({ signal: never });
        result.commit?.();
        return eventsOf(result.batches);
      },
      async close(): Promise<void> {
        await poll.close();
        await views.connection.close();
      },
    };
  }

  /** Changes a setting and waits until new sessions have it. */
  async function alter(name: string, value: string): Promise<void> {
    await server.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    await server.query("SELECT pg_reload_conf()");
    await eventually("the server has read its files", async () => {
      const [row] = await server.query<{ applied: boolean }>(
        "SELECT setting = $2 OR pending_restart AS applied FROM pg_settings WHERE name = $1",
        [name, value],
      );
      return row?.applied === true ? true : undefined;
    });
  }

  function told(events: readonly SeenEvent[]) {
    return events.map((event) => [
      event.text("postgresql.setting.name"),
      event.attributes.get("postgresql.setting.old_value"),
      event.attributes.get("postgresql.setting.new_value"),
    ]);
  }

  it("are told once, after a first reading that is only remembered", async () => {
    const settings = watch();
    expect(await settings.look()).toEqual([]);
    await alter("work_mem", "8192");
    const [event, ...others] = await settings.look();
    expect(others).toEqual([]);
    expect(Object.fromEntries(event?.attributes ?? [])).toMatchObject({
      "db.system.name": "postgresql",
      "postgresql.setting.name": "work_mem",
      "postgresql.setting.old_value": "4096",
      "postgresql.setting.new_value": "8192",
      "postgresql.setting.unit": "kB",
      "postgresql.setting.source": "configuration file",
      "postgresql.setting.pending_restart": false,
    });
    expect(event?.attributes.get("dbintel.interval.start_time_unix_nano")).toBeLessThan(event?.timeUnixNano ?? 0n);
    expect(await settings.look()).toEqual([]);
    await settings.close();
  });

  it("are told when they wait for a restart, and when they are for a database or a role", async () => {
    const settings = watch();
    await settings.look();
    await alter("max_connections", "60");
    await server.query("ALTER DATABASE app SET random_page_cost = '1.5'");
    await server.query("ALTER ROLE otel IN DATABASE app SET jit = off");
    const events = await settings.look();
    expect(told(events)).toEqual([
      ["jit", undefined, "off"],
      ["max_connections", "50", "50"],
      ["random_page_cost", undefined, "1.5"],
    ]);
    expect(events.map((event) => event.attributes.get("postgresql.setting.pending_restart"))).toEqual([
      false,
      true,
      false,
    ]);
    expect([events[0]?.text("db.namespace"), events[0]?.text("user.name")]).toEqual(["app", "otel"]);
    await server.query("ALTER DATABASE app RESET random_page_cost");
    expect(told(await settings.look())).toEqual([["random_page_cost", "1.5", undefined]]);
    await settings.close();
  });

  it("tell no secret, neither in events nor in what is kept over a restart", async () => {
    const settings = watch();
    await settings.look();
    await alter("restore_command", "aws s3 cp %p s3://bucket --token hunter2-token");
    await server.query("ALTER DATABASE app SET myapp.jwt = 'hunter2-jwt'");
    const events = await settings.look();
    expect(told(events)).toEqual([
      ["myapp.jwt", undefined, "[REDACTED]"],
      ["restore_command", "[REDACTED]", "[REDACTED]"],
    ]);
    await settings.close();
    const kept = Buffer.from((await settings.host.storage.load("settings")) ?? []).toString();
    expect(kept).toContain("restore_command");
    expect(kept).not.toContain("hunter2");
  });

  it("are told after a restart of the collector, and again when nobody took them", async () => {
    const first = watch();
    await first.look();
    await first.close();
    await alter("deadlock_timeout", "2000");
    const second = watch(createTestHost({ storage: first.host.storage }));
    expect(told(eventsOf((await second.poll.poll({ signal: never })).batches))).toEqual([
      ["deadlock_timeout", "1000", "2000"],
    ]);
    expect(await second.look()).toHaveLength(1);
    expect(await second.look()).toEqual([]);
    await second.close();
  });

  it("begin anew when what was kept is damaged", async () => {
    const host = createTestHost();
    await host.storage.save("settings", Buffer.from("{"));
    const settings = watch(host);
    expect(await settings.look()).toEqual([]);
    expect(host.lines.map(({ message }) => message)).toEqual([
      "the saved state of settings is unreadable; changes since the last run are not told",
    ]);
    await settings.close();
  });
});
