import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { freePort } from "../harness/free-port.ts";
import { postgresLogSettings, readPostgresLog } from "../harness/postgres-log.ts";
import { WatchedCollector } from "../harness/watched-collector.ts";
import { type PostgresServer, startPostgres } from "../servers/index.ts";
import { describePostgres } from "../servers/vitest.ts";

const monitor = { user: "dbintel", password: "monitor-password" };
const application = { user: "application", password: "application-password", database: "postgres" };
const ping = "SELECT /* dbintel */ 1";
const connections = 16;
const reserved = 3;
const samplesUnderLoad = 20;
/** Statements that were on their way when the breaker opened: one for each session of the collector. */
const mostOnTheirWay = 2;

describePostgres(18, "configs/protect.yaml", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({
      settings: { ...postgresLogSettings, max_connections: connections, superuser_reserved_connections: reserved },
    });
    for (const { user, password } of [monitor, application]) {
      await server.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
    }
    await server.query(`GRANT pg_monitor TO ${monitor.user}`);
    await server.query(`GRANT SET ON PARAMETER pg_stat_statements.track TO ${monitor.user}`);
  });
  afterAll(() => server.stop());

  /** The configuration as it is, at a faster pace. */
  async function run(settings: readonly string[] = []): Promise<WatchedCollector> {
    const pace = [
      "receivers.postgresql.collection_interval=200ms",
      "receivers.postgresql.top_query_collection.collection_interval=200ms",
      "receivers.postgresql.initial_delay=0s",
      // Deadlines are no subject here: a busy machine must not look like a slow database.
      "receivers.postgresql.timeout=30s",
      "receivers.postgresql.circuit_breaker.decay=1s",
    ];
    return await WatchedCollector.start({
      config: fileURLToPath(new URL("../../configs/protect.yaml", import.meta.url)),
      // The probes of a breaker are told to who looks closer.
      settings: [...pace, "service.telemetry.logs.level=debug", ...settings],
      env: {
        POSTGRES_ENDPOINT: `${server.host}:${server.port}`,
        POSTGRES_USER: monitor.user,
        POSTGRES_PASSWORD: monitor.password,
        POSTGRES_TLS_INSECURE: "true",
        OTLP_LISTEN: `127.0.0.1:${await freePort()}`,
      },
    });
  }

  /** Waits until both signals arrive anew. */
  async function flow(collector: WatchedCollector): Promise<void> {
    const [events, metrics] = [topQueries(collector), readings(collector)];
    await collector.until("both signals flow", async () => {
      await server.query("SELECT count(*) FROM pg_class", [], application);
      return topQueries(collector) > events && readings(collector) > metrics ? true : undefined;
    });
  }

  async function expectCleanEnd(collector: WatchedCollector): Promise<void> {
    const ledgers = await collector.balancedLedgers();
    const exporter = ledgers.filter(({ id, received }) => id === "otlp_http" && received > 0);
    expect(exporter.map(({ signal }) => signal).sort()).toEqual(["logs", "metrics"]);
    for (const { sent, dropped } of exporter) {
      expect(sent).toBeGreaterThan(0);
      expect(dropped).toBe(0);
    }
    expect(await collector.process.stop()).toEqual({ code: 0, signal: null });
  }

  /** Takes every connection that applications may have, those of the collector included. */
  async function exhaust(admin: pg.Client): Promise<pg.Client[]> {
    const taken: pg.Client[] = [];
    // One more is the superuser's own. A session that is still being made has no user yet: only the count is certain.
    while (taken.length < connections - reserved - 1) {
      try {
        taken.push(await server.connect(application));
      } catch {
        // The server is full: now the collector loses its sessions, and who is quicker gets their places.
        await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [monitor.user]);
      }
    }
    return taken;
  }

  function opened(collector: WatchedCollector, before: number): Promise<true> {
    return collector.until("the breaker opens", () => (openings(collector).length > before ? true : undefined));
  }

  function closed(collector: WatchedCollector): Promise<true> {
    const last = () => breakerStates(collector).at(-1);
    return collector.until("the breaker closes", () => (last()?.to === "closed" ? true : undefined));
  }

  /**
   * Samples the collector's sessions while its breaker is open, until that lets a probe through; ends the overload
   * after some samples. Answers with how many there were, and with when the statements in them had begun.
   */
  async function sampleWhileOpen(collector: WatchedCollector, admin: pg.Client, relieve: () => Promise<unknown>) {
    const seen = new Map<string, number>();
    let samples = 0;
    await collector.until("the breaker lets a probe through", async () => {
      await admin.query("SELECT pg_stat_clear_snapshot()");
      const { rows } = await admin.query<{ statement: string; begun: Date }>(
        "SELECT concat(pid, ' ', query_start) AS statement, query_start AS begun FROM pg_stat_activity WHERE usename = $1",
        [monitor.user],
      );
      if (breakerStates(collector).at(-1)?.to !== "open") return true;
      for (const { statement, begun } of rows) seen.set(statement, begun?.getTime() ?? 0);
      samples++;
      if (samples === samplesUnderLoad) await relieve();
      return undefined;
    });
    if (samples < samplesUnderLoad) await relieve();
    return { samples, begunMs: [...seen.values()] };
  }

  /** How many of these moments were while the breaker was open. */
  function whileOpen(collector: WatchedCollector, momentsMs: readonly number[]): number {
    const open = openings(collector);
    return momentsMs.filter((unixMs) => open.some(({ fromMs, toMs }) => unixMs > fromMs && unixMs < toMs)).length;
  }

  /** What the server heard of the collector each time that the breaker was open, and first after it. */
  async function heardWhileOpen(collector: WatchedCollector) {
    const heard = readPostgresLog(await server.log()).filter(({ user }) => user === monitor.user);
    return openings(collector).map(({ cause, fromMs, toMs }) => {
      // A new session first says that its statements are not to be recorded.
      const first = heard.find(({ unixMs, text }) => unixMs >= toMs && !text.includes("set_config"));
      return {
        cause,
        openMs: toMs - fromMs,
        heard: heard.filter(({ unixMs }) => unixMs > fromMs && unixMs < toMs).length,
        probe: first?.kind === "refusal" ? "turned away" : first?.text,
      };
    });
  }

  it("leaves an overloaded server alone but for its probes, and comes back", async () => {
    await using collector = await run();
    await flow(collector);
    const admin = await server.connect();

    const taken = await exhaust(admin);
    await opened(collector, 0);
    const exhausted = await sampleWhileOpen(collector, admin, () => Promise.all(taken.map((client) => client.end())));
    await closed(collector);
    await flow(collector);

    const before = openings(collector).length;
    await admin.query("BEGIN");
    await admin.query("LOCK TABLE pg_database, pg_stat_bgwriter, pg_stat_archiver IN ACCESS EXCLUSIVE MODE");
    await opened(collector, before);
    const locked = await sampleWhileOpen(collector, admin, () => admin.query("ROLLBACK"));
    await admin.end();
    await closed(collector);
    await flow(collector);

    const heard = await heardWhileOpen(collector);
    console.log("pg_stat_activity while open:", { exhausted, locked }, "\nthe server's log while open:", heard);
    for (const { samples, begunMs } of [exhausted, locked]) {
      expect(samples).toBeGreaterThan(0);
      expect(whileOpen(collector, begunMs)).toBeLessThanOrEqual(mostOnTheirWay);
    }
    for (const opening of heard) {
      expect(opening.heard).toBeLessThanOrEqual(mostOnTheirWay);
      expect([ping, "turned away"]).toContain(opening.probe);
    }
    expect(heard.at(-1)?.probe).toBe(ping);
    await collector.until("every change was announced", () =>
      announcedStates(collector).join() ===
      breakerStates(collector)
        .map(({ to }) => to)
        .join()
        ? true
        : undefined,
    );
    await expectCleanEnd(collector);
  });

  it("samples what applications send, and neither sums nor changes of state", async () => {
    const port = await freePort();
    await using collector = await run([`receivers.otlp.protocols.http.endpoint=127.0.0.1:${port}`]);
    await flow(collector);
    const sent = 500;
    const logRecords = Array.from({ length: sent }, (_, index) => ({
      eventName: "shop.request",
      severityNumber: 9,
      attributes: [{ key: "request", value: { intValue: String(index) } }],
    }));
    const response = await fetch(`http://127.0.0.1:${port}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
    });
    expect(response.status).toBe(200);
    const kept = () => collector.backend.records.filter(({ eventName }) => eventName === "shop.request");
    const left = await collector.until("the sampled records have left", async () => {
      const ledgers = await collector.balancedLedgers();
      const sampled = ledgers.find(({ id, signal }) => id === "adaptive_sampler" && signal === "logs")?.dropped ?? 0;
      return sampled > 0 && sampled + kept().length === sent ? kept() : undefined;
    });
    console.log(`of ${sent} records of an application ${left.length} were kept`);
    for (const { attributes } of left) expect(Number(attributes["sampling.adjusted_count"])).toBeGreaterThanOrEqual(1);
    const sums = collector.backend.records.filter(({ eventName }) => eventName === "db.server.top_query");
    for (const { attributes } of sums) expect(attributes).not.toHaveProperty("sampling.adjusted_count");
    await expectCleanEnd(collector);
  });

  /** As many statements as there are numbers of columns, again and again. */
  async function startLoad() {
    const session = await server.connect(application);
    const statements = Array.from({ length: 200 }, (_, index) => `SELECT ${"1, ".repeat(index)}1`);
    let running = true;
    const loop = (async () => {
      while (running) for (const statement of statements) await session.query(statement);
    })();
    return async () => {
      running = false;
      await loop;
      await session.end();
    };
  }

  // Slow enough for a busy machine: each poll sees each statement of the load, and what is left without load is little.
  const pace = ["collection_interval", "top_query_collection.collection_interval"].map(
    (key) => `receivers.postgresql.${key}=1s`,
  );

  /** Bytes a second over some polls, without a budget that matters. */
  async function measureTraffic(): Promise<number> {
    await using collector = await run(pace);
    await flow(collector);
    const [startMs, bytes] = [performance.now(), (await budgetBytes(collector)).offered];
    const enough = readings(collector) + 5;
    await collector.until("some polls have passed", () => (readings(collector) > enough ? true : undefined));
    return ((await budgetBytes(collector)).offered - bytes) / ((performance.now() - startMs) / 1000);
  }

  it("climbs the ladder of a budget that suffices without a load, and comes down when the load is over", async () => {
    const untilMonthEndMs = () => nextMonthMs() - Date.now();
    // The pressure is that of the rest of a month: the month must not end meanwhile.
    const aside = { deadlineMs: 400_000 };
    await eventually("the month lasts long enough", () => (untilMonthEndMs() > 300_000 ? true : undefined), aside);

    const quiet = await measureTraffic();
    const stopLoad = await startLoad();
    const busy = await measureTraffic();
    // As far from the one as from the other, however fast the machine is.
    const affordable = Math.sqrt(quiet * busy);
    const budgetGb = (affordable * (untilMonthEndMs() / 1000)) / 1e9;
    await using collector = await run([
      ...pace,
      `processors.cost_control.monthly_budget_usd=${budgetGb}`,
      "processors.cost_control.price_per_gb=1",
      "processors.cost_control.ladder.interval=100ms",
      "processors.cost_control.ladder.warmup=1ms",
    ]);
    const steps = () => budgetSteps(collector);
    await collector.until("the last step is taken", () => (steps().some(({ step }) => step === 7) ? true : undefined));
    const golden = readings(collector);
    await collector.until("a second's traffic is saved, and golden metrics go on", async () => {
      const { offered, sent } = await budgetBytes(collector);
      return offered - sent > busy && readings(collector) > golden ? true : undefined;
    });
    await stopLoad();
    await collector.until("every step is taken back", () => (steps().at(-1)?.step === 0 ? true : undefined));

    const way = steps().map(({ step }) => step);
    const rates = [quiet, affordable, busy].map((rate) => Math.round(rate)).join(" < ");
    console.log(`bytes/s without load, of the budget, under load: ${rates}`, steps());
    expect(way.map((step, index) => Math.abs(step - (way[index - 1] ?? 0)))).toEqual(way.map(() => 1));
    await expectCleanEnd(collector);
  }, 600_000);
});

function topQueries({ backend }: WatchedCollector): number {
  return backend.records.filter(({ eventName }) => eventName === "db.server.top_query").length;
}

/** Arrivals of a golden metric. */
function readings({ backend }: WatchedCollector): number {
  return backend.metrics.get("postgresql.backends") ?? 0;
}

/** The states of the breaker of the whole server, as the receiver logged them. */
function breakerStates({ lines }: WatchedCollector) {
  return lines
    .filter(({ msg, collector_class }) => String(msg).startsWith("circuit breaker of ") && !collector_class)
    .map(({ time, to, cause }) => ({ unixMs: Date.parse(String(time)), to: String(to), cause: String(cause) }));
}

function openings(collector: WatchedCollector) {
  const states = breakerStates(collector);
  return states.flatMap(({ unixMs, to, cause }, index) =>
    to === "open" ? [{ cause, fromMs: unixMs, toMs: states[index + 1]?.unixMs ?? Number.POSITIVE_INFINITY }] : [],
  );
}

/** The same states, as the events of circuit_breaker tell them. */
function announcedStates({ backend }: WatchedCollector): readonly string[] {
  return backend.records
    .filter(({ eventName }) => eventName === "db.circuit.state_change")
    .filter(({ attributes }) => attributes["db.circuit.kind"] === "database" && !attributes["db.circuit.class"])
    .map(({ attributes }) => String(attributes["db.circuit.to"]));
}

function budgetSteps({ backend }: WatchedCollector) {
  return backend.records
    .filter(({ eventName }) => eventName === "telemetry.budget.step")
    .map(({ attributes }) => ({
      name: attributes["telemetry.budget.step"],
      step: Number(attributes["telemetry.budget.step_number"]),
      used: Number(attributes["telemetry.budget.used_bytes"]),
      saved: Number(attributes["telemetry.budget.saved_bytes"]),
    }));
}

/** Bytes that cost_control was offered and has sent on, over all signals. */
async function budgetBytes(collector: WatchedCollector) {
  const text = await collector.metrics();
  const sum = (direction: string) =>
    [...text.matchAll(/^dbintel_cost_control_bytes(?:_total)?\{(.*)\} (\S+)/gm)]
      .filter(([, labels]) => labels?.includes(`direction="${direction}"`))
      .reduce((total, [, , value]) => total + Number(value), 0);
  return { offered: sum("offered"), sent: sum("sent") };
}

/** The beginning of the next month, UTC. */
function nextMonthMs(): number {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
}
