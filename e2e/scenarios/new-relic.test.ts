import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import { ownMetricsAt } from "../harness/log-relay.ts";
import { type NewRelicStandIn, startNewRelic } from "../harness/new-relic.ts";

const config = fileURLToPath(new URL("../../configs/newrelic-contract.yaml", import.meta.url));
const keys = { licenseKey: "a-license-key", userKey: "NRAK-a-user-key", accountId: 7 };
const hourNano = 3_600_000_000_000n;

describe("configs/newrelic-contract.yaml", () => {
  let newRelic: NewRelicStandIn;
  let dbintel: DbintelProcess | undefined;
  let endpoint: string;

  beforeEach(async () => {
    newRelic = await startNewRelic(keys);
  });
  afterEach(async () => {
    await dbintel?.[Symbol.asyncDispose]();
    await newRelic[Symbol.asyncDispose]();
  });

  async function start(...settings: readonly string[]): Promise<DbintelProcess> {
    const [port, metricsPort] = [await freePort(), await freePort()];
    endpoint = `http://127.0.0.1:${port}`;
    const reader = ownMetricsAt(metricsPort);
    const all = ["exporters.otlp_http.encoding=json", "exporters.otlp_http.compression=none", reader, ...settings];
    const run = new DbintelProcess(["run", "--config", config, ...all.flatMap((setting) => ["--set", setting])], {
      OTLP_LISTEN: `127.0.0.1:${port}`,
      NEW_RELIC_OTLP_ENDPOINT: newRelic.endpoint,
      NEW_RELIC_NERDGRAPH: `${newRelic.endpoint}/graphql`,
      NEW_RELIC_LICENSE_KEY: keys.licenseKey,
      NEW_RELIC_USER_KEY: keys.userKey,
      NEW_RELIC_ACCOUNT_ID: String(keys.accountId),
      NEW_RELIC_ASK_EVERY: "500ms",
    });
    dbintel = run;
    await eventually("it is ready", () => {
      if (!run.running) throw new Error(`dbintel ended:\n${run.stderr}`);
      return run.stderr.includes("everything is ready") || undefined;
    });
    return run;
  }

  /** What breaks each rule that can be broken, beside what breaks none. */
  async function sendBreaches(): Promise<void> {
    const now = BigInt(Date.now()) * 1_000_000n;
    await post("/v1/metrics", {
      resourceMetrics: [
        {
          resource: { attributes: [text("service.instance.id", "db.example:5432")] },
          scopeMetrics: [
            {
              metrics: [
                gauge("well", [point(now, [text("state", "active")])]),
                gauge("long.text", [point(now, [text("text", "x".repeat(5000))])]),
                gauge("long.name", [point(now, [text("n".repeat(300), "value")])]),
                gauge("map", [point(now, [{ key: "tree", value: { kvlistValue: { values: [text("a", "b")] } } }])]),
                gauge("mixed", [point(now, [list("items", [{ stringValue: "a" }, { intValue: "1" }])])]),
                gauge("long.list", [point(now, [list("long", new Array(80).fill({ stringValue: "a" }))])]),
                gauge("reserved", [point(now, [text("timestamp", "now"), text("reserved", "like the metric")])]),
                gauge("many", [
                  point(
                    now,
                    Array.from({ length: 150 }, (_, index) => text(`key ${index}`, "v")),
                  ),
                ]),
                gauge("old", [point(now - 49n * hourNano, [])]),
                gauge("future", [point(now + 25n * hourNano, [])]),
                gauge("not.a.number", [{ ...point(now, []), asInt: undefined, asDouble: "NaN" }]),
                gauge("m".repeat(300), [point(now, [])]),
                { name: "falls", sum: { aggregationTemporality: 1, isMonotonic: false, dataPoints: [point(now, [])] } },
              ],
            },
          ],
        },
      ],
    });
    const record = (body: string, timeUnixNano: bigint, attributes: readonly unknown[]) => ({
      timeUnixNano: String(timeUnixNano),
      eventName: body,
      attributes,
    });
    const logRecords = [
      record("well", now, []),
      record("long", now, [text("text", "😀".repeat(3000))]),
      record("old", now - 49n * hourNano, []),
      record(
        "many",
        now,
        Array.from({ length: 300 }, (_, index) => text(`key ${index}`, "v")),
      ),
    ];
    await post("/v1/logs", { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  }

  async function post(path: string, body: unknown): Promise<void> {
    const response = await fetch(endpoint + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
  }

  const storedNames = (type: string) =>
    newRelic.stored
      .filter((item) => item.type === type && !/^(nr\.|newrelic\.)/.test(item.name))
      .map(({ name }) => (name.length > 200 ? "m…" : name))
      .sort();

  it("mends what New Relic would not store, and drops only what it would", async () => {
    const run = await start();
    await sendBreaches();
    await eventually("everything has arrived", () =>
      storedNames("Metric").length >= 10 && storedNames("Log").length >= 3 ? true : undefined,
    );
    expect(storedNames("Metric")).toEqual(
      ["well", "long.text", "long.name", "map", "mixed", "long.list", "reserved", "many", "m…", "falls"].sort(),
    );
    expect(storedNames("Log")).toEqual(["long", "many", "well"]);
    expect(newRelic.errors).toEqual([]);
    expect(newRelic.stored.find(({ name }) => name === "map")?.attributes.tree).toBe('{"a":"b"}');
    await eventually("a canary was stored, and is looked for", () => {
      const canary = newRelic.stored.find(({ name }) => name === "nr.collector.canary");
      return canary && newRelic.queries.some((query) => query.includes(String(canary.attributes.nonce)));
    });
    expect(await run.stop()).toEqual({ code: 0, signal: null });
    expect(run.stderr).not.toContain(keys.userKey);
    expect(run.stderr).not.toContain(keys.licenseKey);
    expect(newRelic.errors).toEqual([]);
  });

  it("changes nothing in `monitor` mode, and says what New Relic then reports", async () => {
    const run = await start("processors.nr_error_monitor.mode=monitor");
    await sendBreaches();
    await eventually(
      "the error of the text was reported and read",
      () => run.stderr.includes("New Relic reports: attribute value too long: 'text'") || undefined,
    );
    await eventually("both requests have arrived", () =>
      storedNames("Metric").includes("well") && storedNames("Log").includes("well") ? true : undefined,
    );
    const reasons = new Set(newRelic.errors.map(({ message }) => message.split(":")[0]));
    expect(reasons).toEqual(
      new Set([
        "attribute name too long",
        "attribute value too long",
        "metric name too long",
        "restricted attribute",
        "timestamp out of range",
        "too many attributes",
        "unsupported type",
        "unsupported type of attribute",
        "value is not a number",
      ]),
    );
    expect(await run.stop()).toEqual({ code: 0, signal: null });
  });
});

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const list = (key: string, values: readonly unknown[]) => ({ key, value: { arrayValue: { values } } });
const gauge = (name: string, dataPoints: readonly unknown[]) => ({ name, gauge: { dataPoints } });
const point = (timeUnixNano: bigint, attributes: readonly unknown[]) => ({
  timeUnixNano: String(timeUnixNano),
  asInt: "1",
  attributes,
});
