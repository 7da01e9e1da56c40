import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../harness/free-port.ts";
import { WatchedCollector } from "../harness/watched-collector.ts";
import { type PostgresServer, startPostgres } from "../servers/index.ts";
import { describePostgres } from "../servers/vitest.ts";

/** What must not leave. No name of anything else in this scenario has these in it. */
const planted = {
  email: "jane.doe@customer.example",
  card: "4111 1111 1111 1111",
  cardDigits: "5555555555554444",
  password: "S3cretPw-planted",
  apiKey: "NRAK-ABCDEFGHIJKLMNOPQRSTUVWXYZ0",
  accessKey: "AKIAIOSFODNN7EXAMPLE",
  uriPassword: "planted-uri-pw",
  name: "Ada Lovelace Planted",
} as const;

const monitor = { user: "dbintel", password: "monitor-password" };

describePostgres(18, "configs/verify.yaml", () => {
  let folder: string;
  let server: PostgresServer;
  let collector: WatchedCollector;
  let otlp: string;
  const sessions: pg.Client[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-verify-"));
    server = await startPostgres();
    await server.query(`CREATE ROLE ${monitor.user} LOGIN PASSWORD '${monitor.password}'`);
    await server.query(`GRANT pg_monitor TO ${monitor.user}`);
    await server.query(`GRANT SET ON PARAMETER pg_stat_statements.track TO ${monitor.user}`);
    await server.query("CREATE TABLE customers (email text PRIMARY KEY, note text)");
    otlp = `127.0.0.1:${await freePort()}`;
    collector = await WatchedCollector.start({
      config: fileURLToPath(new URL("../../configs/verify.yaml", import.meta.url)),
      settings: [
        "receivers.postgresql.collection_interval=200ms",
        "receivers.postgresql.top_query_collection.collection_interval=200ms",
        "receivers.postgresql.query_sample_collection.collection_interval=200ms",
        "receivers.postgresql.initial_delay=0s",
        "receivers.postgresql.timeout=30s",
        "service.telemetry.logs.level=debug",
      ],
      env: {
        POSTGRES_ENDPOINT: `${server.host}:${server.port}`,
        POSTGRES_USER: monitor.user,
        POSTGRES_PASSWORD: monitor.password,
        POSTGRES_TLS_INSECURE: "true",
        OTLP_LISTEN: otlp,
        DBINTEL_FILE: join(folder, "telemetry.jsonl"),
      },
    });
    await collector.until("it is ready", () =>
      collector.process.stderr.includes("everything is ready") ? true : undefined,
    );
  });
  afterAll(async () => {
    await collector?.[Symbol.asyncDispose]();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const written = async () => {
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
    return files.join("\n");
  };

  /** Sessions that are at work while the receiver looks, under names and with aliases that say too much. */
  async function work(): Promise<void> {
    const names = [`report for ${planted.email}`, `job ${planted.accessKey}`, `pay ${planted.card}`];
    for (const application_name of names) {
      const session = await server.connect({ application_name });
      session.on("error", () => {});
      sessions.push(session);
      // It ends when the test ends it.
      session.query(`SELECT pg_sleep(3600) AS "${planted.card}" /* ${planted.apiKey} */`).catch(() => {});
    }
  }

  async function workload(): Promise<void> {
    await server.query(`SELECT '${planted.name}' AS "for ${planted.email}" /* ${planted.apiKey} */`);
    await server.query(`CREATE ROLE planted LOGIN PASSWORD '${planted.password}'`);
    await server.query("DROP ROLE planted");
    await server.query(`INSERT INTO customers VALUES ('${planted.email}', '${planted.cardDigits}')`).catch(() => {});
    await server.query(`COMMENT ON TABLE customers IS 'ask ${planted.email}, card ${planted.card}'`);
  }

  async function send(path: string, request: object): Promise<void> {
    const response = await fetch(`http://${otlp}/v1/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    expect(response.status).toBe(200);
  }

  it("lets nothing leave that was planted in statements, comments, errors, plans and names of applications", async () => {
    await work();
    const saysTooMuch = Object.values(planted).join(" | ");
    const error = `duplicate key value violates unique constraint; Key (email)=(${planted.email}) already exists.`;
    const uri = `postgresql://app:${planted.uriPassword}@db.internal/shop`;
    const filter = `((email = '${planted.email}'::text) AND (name = '${planted.name}'::text))`;
    const plan = JSON.stringify({ Plan: { "Node Type": "Seq Scan", "Relation Name": "c", Filter: filter } });
    const attributes = [
      attribute("db.query.text", `SELECT * FROM c WHERE name = '${planted.name}' AND card = '${planted.card}'`),
      attribute("db.query.plan", plan),
      attribute("exception.message", error),
      attribute("dsn", uri),
      attribute("user.password", planted.password),
      attribute("x-api-key", planted.apiKey),
      { key: "card", value: { intValue: planted.cardDigits } },
      {
        key: "nested",
        value: { kvlistValue: { values: [attribute("secret", planted.name), attribute("to", planted.email)] } },
      },
    ];
    const resource = { attributes: [attribute("service.name", "shop"), attribute("owner", planted.email)] };
    const scope = { name: "otlp-client" };
    const safe = saysTooMuch.replace(planted.name, "").replace(planted.password, `password=${planted.password}`);
    const body = {
      stringValue: `ALTER ROLE app PASSWORD '${planted.password}'; ${safe.replace(planted.uriPassword, uri)}`,
    };
    const ids = { traceId: "0102030405060708090a0b0c0d0e0f10", spanId: "0102030405060708" };
    await send("logs", { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [{ body, attributes }] }] }] });
    const events = [{ name: error, attributes }];
    const span = { ...ids, name: `for ${planted.email}`, attributes, events, status: { code: 2, message: error } };
    await send("traces", { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] });
    const exemplars = [{ asInt: "1", filteredAttributes: attributes }];
    const metric = {
      name: "planted",
      description: error,
      gauge: { dataPoints: [{ asInt: "1", attributes, exemplars }] },
    };
    await send("metrics", { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: [metric] }] }] });

    const expected = [
      // Names of applications and aliases, as the server told them.
      "report for [REDACTED:email]",
      "job [REDACTED:aws_access_key]",
      '\\"for [REDACTED:email]\\"',
      // What the client sent, by signal.
      "Key (email)=([REDACTED:email]) already exists.",
      "postgresql://app:[REDACTED:connection_uri]@db.internal/shop",
      '"resourceSpans"',
      '"planted"',
      // The statement itself came, without its constants.
      "SELECT * FROM c WHERE name = ? AND card = ?",
      // And the plan without those of its conditions.
      "((email = ?::text) AND (name = ?::text))",
      "CREATE ROLE",
    ];
    await collector.until("all of it has gone through", async () => {
      await workload();
      const text = await written();
      const missing = expected.filter((part) => !text.includes(part));
      return missing.length === 0 ? true : undefined;
    });
    await collector.balancedLedgers();
    await server.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
    );
    await Promise.all(sessions.map((session) => session.end()));
    const metrics = await collector.metrics();
    expect(await collector.process.stop()).toEqual({ code: 0, signal: null });

    const everything = {
      file: await written(),
      backend: JSON.stringify(collector.backend.bodies),
      log: collector.process.stderr + collector.process.stdout,
      metrics,
    };
    for (const [place, text] of Object.entries(everything)) {
      for (const [what, secret] of Object.entries(planted)) {
        expect(text.includes(secret), `${what} in ${place}: …${around(text, secret)}…`).toBe(false);
      }
    }
    expect(metrics).toMatch(/dbintel_verification_findings\w*\{[^}]*entity="email"/);
  });
});

function attribute(key: string, value: string) {
  return { key, value: { stringValue: value } };
}

/** What stands before a secret that was found, so that the leak can be told without printing the secret. */
function around(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return at < 0 ? "" : text.slice(Math.max(0, at - 120), at);
}
