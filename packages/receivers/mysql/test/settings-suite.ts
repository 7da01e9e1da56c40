import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { SettingsPoll } from "@dbintel/watching";
import { expect, it } from "vitest";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { mysqlSettings } from "../src/settings-changes/settings-dialect.ts";
import type { SharedServer } from "./metrics-suite.ts";
import { type Event, eventsOf, never, settingsOf } from "./watch.ts";

export function settingsSuite({ product, server }: SharedServer): void {
  function watch(host: TestHost = createTestHost()) {
    const connection = new DatabaseConnection(settingsOf(server()));
    const instance = { host: "db", port: 3306, enabled: () => true };
    const context = { endpoint: "db:3306", username: "otel" };
    const poll = new SettingsPoll({
      host,
      dialect: mysqlSettings({ host, server: new KnownServer(connection), instance, context }),
    });
    return {
      host,
      poll,
      async look(): Promise<readonly Event[]> {
        const result = await poll.poll({ signal: never });
        result.commit?.();
        return eventsOf(result.batches);
      },
      async close(): Promise<void> {
        await poll.close();
        await connection.close();
      },
    };
  }

  function told(events: readonly Event[]) {
    return events.map((event) => [
      event.text("mysql.setting.name"),
      event.attributes.get("mysql.setting.old_value"),
      event.attributes.get("mysql.setting.new_value"),
    ]);
  }

  it("are told once, after a first reading that is only remembered", async () => {
    const settings = watch();
    expect(await settings.look()).toEqual([]);
    await server().query("SET GLOBAL max_connections = 140");
    const [event, ...others] = await settings.look();
    expect(others).toEqual([]);
    expect(Object.fromEntries(event?.attributes ?? [])).toMatchObject({
      "db.system.name": product,
      "mysql.setting.name": "max_connections",
      "mysql.setting.old_value": "151",
      "mysql.setting.new_value": "140",
      "mysql.setting.pending_restart": false,
    });
    // MariaDB does not note who it was.
    expect(event?.attributes.get("user.name")).toBe(product === "mysql" ? "root" : undefined);
    expect(event?.attributes.get("client.address")).toBe(product === "mysql" ? "localhost" : undefined);
    const since = event?.attributes.get("dbintel.interval.start_time_unix_nano");
    expect(since).toBeLessThan(event?.timeUnixNano ?? 0n);
    expect(await settings.look()).toEqual([]);
    await server().query("SET GLOBAL max_connections = 151");
    await settings.close();
  });

  it("are not what a session sets for itself, or what the server does", async () => {
    const settings = watch();
    await settings.look();
    await server().query("SET SESSION sort_buffer_size = 1000000");
    await server().query("INSERT INTO app.t VALUES (100, 100)");
    await server().query("DELETE FROM app.t WHERE id = 100");
    expect(await settings.look()).toEqual([]);
    await settings.close();
  });

  it("tell no secret, neither in events nor in what is kept over a restart", async () => {
    const settings = watch();
    await settings.look();
    await server().query("SET GLOBAL init_connect = ?", ["SET @key = 'hunter2'"]);
    expect(told(await settings.look())).toEqual([["init_connect", "[REDACTED]", "[REDACTED]"]]);
    await server().query("SET GLOBAL init_connect = ''");
    await settings.close();
    const kept = Buffer.from((await settings.host.storage.load("settings")) ?? []).toString();
    expect(kept).toContain("init_connect");
    expect(kept).not.toContain("hunter2");
  });

  it("are told after a restart of the collector, and again when nobody took them", async () => {
    const first = watch();
    await first.look();
    await first.close();
    await server().query("SET GLOBAL net_read_timeout = 31");
    const second = watch(createTestHost({ storage: first.host.storage }));
    expect(told(eventsOf((await second.poll.poll({ signal: never })).batches))).toEqual([
      ["net_read_timeout", "30", "31"],
    ]);
    expect(await second.look()).toHaveLength(1);
    expect(await second.look()).toEqual([]);
    await second.close();
    await server().query("SET GLOBAL net_read_timeout = 30");
  });

  if (product === "mariadb") return;
  it("are told when they wait for a restart", async () => {
    const settings = watch();
    await settings.look();
    await server().query("SET PERSIST_ONLY back_log = 77");
    const [event] = await settings.look();
    expect(event?.text("mysql.setting.name")).toBe("back_log");
    expect(event?.attributes.get("mysql.setting.pending_restart")).toBe(true);
    await server().query("RESET PERSIST back_log");
    await settings.close();
  });
}
