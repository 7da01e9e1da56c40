import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { repository } from "../harness/deployment.ts";
import { freePort } from "../harness/free-port.ts";
import { describePrometheus, type Prometheus, promtool, startPrometheus } from "../harness/prometheus.ts";

const rules = join(repository, "deploy/alerts/dbintel.yaml");
const ruleTests = join(repository, "deploy/alerts/dbintel.test.yaml");

describePrometheus("the rules in deploy/alerts", () => {
  it("alert as their tests say", async () => {
    const { stdout } = await promisify(execFile)(promtool, ["test", "rules", ruleTests]);
    expect(stdout).toContain("SUCCESS");
  });

  it("are tested, each of them", async () => {
    const alerts = [...(await readFile(rules, "utf8")).matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    // Those that a test expects to be told, not only those that it expects not to be.
    const told = [...(await readFile(ruleTests, "utf8")).matchAll(/alertname: (\w+)\n +exp_alerts:/g)];
    expect(new Set(told.map(([, name]) => name))).toEqual(new Set(alerts));
  });
});

const secondNs = 1_000_000_000n;

/** What happened in the second after `startNs`: calls, and how long they took. */
function changes(startNs: bigint, calls: number, bucketCounts: readonly number[]) {
  const point = { startTimeUnixNano: String(startNs), timeUnixNano: String(startNs + secondNs) };
  const histogram = {
    aggregationTemporality: 1,
    dataPoints: [{ ...point, count: String(calls), sum: 1.5, explicitBounds: [0.1, 1], bucketCounts }],
  };
  const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...point, asInt: String(calls) }] };
  const metrics = [
    { name: "shop.calls", unit: "1", description: 'calls of a "shop"\nby \\ name', sum },
    { name: "shop.duration", unit: "s", histogram },
  ];
  const attributes = [{ key: "service.name", value: { stringValue: "shop" } }];
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] };
}

describePrometheus("a Prometheus that scrapes the collector", () => {
  let folder: string;
  let dbintel: DbintelProcess;
  let prometheus: Prometheus;
  let otlp: string;
  let away: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-prometheus-"));
    const [intake, own, served] = [await freePort(), await freePort(), await freePort()];
    otlp = `http://127.0.0.1:${intake}/v1/metrics`;
    away = `127.0.0.1:${await freePort()}`;
    const configFile = join(folder, "config.yaml");
    await writeFile(
      configFile,
      `
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${intake}"}}}
  postgresql: {endpoint: "${away}", username: watcher, initial_delay: 0s, tls: {insecure: true}}
processors:
  delta_to_cumulative:
exporters:
  prometheus: {endpoint: "127.0.0.1:${served}"}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${own}}}}}]}}
  pipelines:
    metrics: {receivers: [otlp, postgresql], processors: [delta_to_cumulative], exporters: [prometheus]}
`,
    );
    dbintel = new DbintelProcess(["run", "--config", configFile]);
    const jobs = { dbintel: `127.0.0.1:${own}`, databases: `127.0.0.1:${served}` };
    prometheus = await startPrometheus(folder, { jobs, ruleFiles: [rules] });
  });
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await dbintel?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("reads all that is served", async () => {
    await eventually("both jobs are scraped without an error", async () => {
      if (!dbintel.running) throw new Error(dbintel.stderr);
      return Object.keys(await prometheus.scrapeErrors()).length === 0 ? true : undefined;
    });
    const [series] = await eventually("the collector's own metrics are there", async () => {
      const found = await prometheus.query('count({job="dbintel", __name__=~"otelcol_.+|dbintel_.+"})');
      return found.length > 0 ? found : undefined;
    });
    expect(series?.value).toBeGreaterThan(30);
  });

  it("has the sum of the changes that came, and quantiles of their durations", async () => {
    const startNs = 1_700_000_000n * secondNs;
    for (const [second, calls, buckets] of [
      [0n, 5, [5, 0, 0]],
      [1n, 7, [4, 3, 0]],
    ] as const) {
      const body = JSON.stringify(changes(startNs + second * secondNs, calls, buckets));
      const headers = { "content-type": "application/json" };
      expect((await fetch(otlp, { method: "POST", headers, body })).status).toBe(200);
    }
    const [calls] = await eventually("both have arrived", async () => {
      const found = await prometheus.query("shop_calls_total");
      return found.some(({ value }) => value >= 12) ? found : undefined;
    });
    expect(calls).toMatchObject({ value: 12, labels: { job: "databases", exported_job: "shop" } });
    const buckets = await prometheus.query("shop_duration_seconds_bucket");
    const counts = Object.fromEntries(buckets.map(({ labels, value }) => [labels.le, value]));
    expect(counts).toEqual({ "0.1": 9, "1": 12, "+Inf": 12 });
    // Nine of twelve are in the first bucket, within which Prometheus interpolates: six of nine.
    const [median] = await prometheus.query("histogram_quantile(0.5, shop_duration_seconds_bucket)");
    expect(median?.value).toBeCloseTo((0.1 * 6) / 9, 6);
  });

  it("is about to alert of a database that is away, and of a collector that has gone", async () => {
    const pending = (name: string) =>
      eventually(`${name} is pending`, async () =>
        (await prometheus.alerts()).find(({ labels }) => labels.alertname === name),
      );
    expect(await pending("DbintelDatabaseNotPolled")).toMatchObject({
      state: "pending",
      labels: { exported_instance: away, receiver: "postgresql", job: "dbintel", severity: "critical" },
    });
    await eventually("the collector counts as there", async () => {
      const [up] = await prometheus.query('up{job="dbintel"}');
      const down = (await prometheus.alerts()).some(({ labels }) => labels.alertname === "DbintelDown");
      return up?.value === 1 && !down ? true : undefined;
    });
    await dbintel.stop();
    expect(await pending("DbintelDown")).toMatchObject({ state: "pending", labels: { job: "dbintel" } });
  });
});
