import { eventually } from "@dbintel/e2e/condition";
import { freePort } from "@dbintel/e2e/servers";
import { createTestHost, pointsOf } from "@dbintel/pipeline/testing";
import type { RowDataPacket } from "mysql2/promise";
import { expect, it } from "vitest";
import { CanaryPoll } from "../src/canary/canary-poll.ts";
import { canarySettings } from "../src/canary/settings.ts";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import type { SharedServer } from "./metrics-suite.ts";
import { never, settingsOf } from "./watch.ts";

export function canarySuite({ server }: SharedServer): void {
  function watch(query: string, { port = server().port, timeout = "1s" } = {}) {
    const host = createTestHost();
    const connection = new DatabaseConnection({ ...settingsOf(server()), port, lockTimeoutMs: 60_000 });
    const poll = new CanaryPoll({
      ...{ host, server: new KnownServer(connection), settings: canarySettings.parse({ query, timeout }) },
      ...{
        instance: { host: "db", port: 3306, enabled: () => true },
        context: { endpoint: "db:3306", username: "otel" },
      },
      enabled: () => true,
    });
    return {
      host,
      connection,
      run: async (signal = never) => {
        const { batches, problems = [] } = await poll.poll({ signal });
        const points = pointsOf(batches);
        const counts = points.filter(({ name, value }) => name === "mysql.canary.count" && value !== 0n);
        return {
          problems,
          latency: points.find(({ name }) => name === "mysql.canary.latency")?.value,
          counts: Object.fromEntries(counts.map(({ attributes, value }) => [String(attributes.get("outcome")), value])),
        };
      },
    };
  }

  /** Runs the canary against a locked table, does `meanwhile` while it waits, and unlocks it. */
  async function locked<T>(run: () => Promise<T>, meanwhile: (session: number) => Promise<void>): Promise<T> {
    const session = await server().connect();
    await session.query("LOCK TABLES app.t WRITE");
    // Whoever awaits it comes later.
    const ended = run().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const [waiting] = await eventually("the query waits", async () => {
      const found = await server().query<RowDataPacket>(
        "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT /* dbintel */%canary_waits%'",
      );
      return found.length === 1 ? found : undefined;
    });
    await meanwhile(Number(waiting?.id));
    await session.query("UNLOCK TABLES");
    await session.end();
    const outcome = await ended;
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  const waits = "SELECT COUNT(*) AS canary_waits FROM app.t";

  it("tells how long the answer took", async () => {
    const { host, connection, run } = watch(waits, { timeout: "60s" });
    const { problems, latency, counts } = await locked(run, () => host.clock.advance(150));
    expect([problems, latency, counts]).toEqual([[], 0.15, { success: 1n }]);
    expect((await run()).counts).toEqual({ success: 2n });
    await connection.close();
  });

  it("is given up by the server when it takes too long, and the session goes on", async () => {
    const columns = "information_schema.columns";
    const endless = `SELECT COUNT(*) AS endless FROM ${columns} a, ${columns} b, ${columns} c`;
    // Long enough for all else that is asked.
    const { connection, run } = watch(endless, { timeout: "500ms" });
    const { problems, latency, counts } = await run();
    expect(problems).toMatchObject([{ code: "DBI_TIMEOUT", message: expect.stringContaining("canary") }]);
    expect([latency, counts]).toEqual([undefined, { timeout: 1n }]);
    expect((await run()).counts).toEqual({ timeout: 2n });
    expect(connection.session).toBe(1);
    await connection.close();
  });

  it("tells what the server refuses", async () => {
    const { connection, run } = watch("SELECT * FROM app.missing");
    expect(await run()).toMatchObject({
      problems: [{ code: "DBI_DATABASE_QUERY", message: expect.stringContaining("missing") }],
      counts: { error: 1n },
    });
    await connection.close();
  });

  it("writes nothing, whatever the text gets past the check", async () => {
    const { connection, run } = watch("SELECT app.writes() AS written");
    await server().query("SET GLOBAL log_bin_trust_function_creators = 1");
    await server().query("CREATE FUNCTION app.writes() RETURNS int BEGIN DELETE FROM app.t; RETURN 1; END");
    const { problems } = await run();
    expect(problems).toMatchObject([{ message: expect.stringMatching(/READ ONLY/i) }]);
    expect(await server().query("SELECT id FROM app.t WHERE id = 3")).toHaveLength(1);
    await connection.close();
  });

  it("counts a run that met nobody once the server answers", async () => {
    const nowhere = watch("SELECT 1", { port: await freePort() });
    await expect(nowhere.run()).rejects.toMatchObject({ code: "DBI_DATABASE_UNREACHABLE" });
    await nowhere.connection.close();
    const { connection, run } = watch(waits, { timeout: "60s" });
    const killed = locked(run, async (session) => void (await server().query(`KILL ${session}`)));
    await expect(killed).rejects.toMatchObject({ code: "DBI_DATABASE_UNREACHABLE" });
    expect((await run()).counts).toEqual({ success: 1n, unreachable: 1n });
    await connection.close();
  });
}
