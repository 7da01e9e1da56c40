import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMysql, startPostgres } from "@dbintel/e2e/servers";
import { describeMysql, describePostgres } from "@dbintel/e2e/servers/vitest";
import { expect, it } from "vitest";
import { main } from "../src/cli.ts";

const example = await readFile(new URL("../../../configs/custom-sql.yaml", import.meta.url), "utf8");

async function dbintel(args: readonly string[], yaml: string, env: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-custom-"));
  try {
    const file = join(folder, "collector.yaml");
    await writeFile(file, yaml);
    const out: string[] = [];
    const err: string[] = [];
    const print = (text: string) => void out.push(text);
    const printError = (text: string) => void err.push(text);
    const code = await main([...args, "--config", file], { env, columns: undefined, print, printError });
    return { code, out: out.join("\n"), err: err.join("\n").replaceAll(`${folder}/`, "") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

it("wrong queries are told with their place in the file", async () => {
  const yaml = `receivers:
  postgresql:
    username: otel
    password: s3cr3t
    custom_queries:
      - name: gone
        sql: DELETE FROM orders
        metrics: [{name: shop.orders, column: n}]
      - name: gone
        sql: SELECT 1 AS n
        metric: []
exporters: {nop: }
service: {pipelines: {metrics: {receivers: [postgresql], exporters: [nop]}}}
`;
  const { code, err } = await dbintel(["validate"], yaml);
  expect(code).toBe(2);
  expect(err).toContain(
    "collector.yaml:7:14 receivers.postgresql.custom_queries[0].sql: must begin with SELECT, WITH or SHOW",
  );
  expect(err).toContain(
    'collector.yaml:11:9 receivers.postgresql.custom_queries[1]: unknown key "metric" (did you mean "metrics"?)',
  );
});

/** What doctor says of the queries of the example; each was run once. */
async function costs(receiver: "postgresql" | "mysql", env: Readonly<Record<string, string>>) {
  const other = receiver === "postgresql" ? "mysql" : "postgresql";
  const yaml = example.replace("receivers: [postgresql, mysql]", `receivers: [${receiver}]`);
  const all = { POSTGRES_PASSWORD: "-", MYSQL_PASSWORD: "-", OTLP_ENDPOINT: "http://127.0.0.1:9", ...env };
  const { out } = await dbintel(
    ["doctor", "--timeout", "5m", "--format", "json", "--set", `receivers.${other}.endpoint=127.0.0.1:9`],
    yaml,
    all,
  );
  const { subjects } = JSON.parse(out) as {
    subjects: { component: string; findings: { code: string; status: string; message: string }[] }[];
  };
  return (
    subjects
      .filter(({ component }) => component === `receiver ${receiver}`)
      .flatMap(({ findings }) => findings.filter(({ message }) => message.startsWith("custom.")))
      // A machine may be slow, which is nothing wrong.
      .map(({ status, message }) => `${status === "fail" ? "failed" : "ran"} ${message.split(":")[0]}`)
  );
}

describePostgres(18, "configs/custom-sql.yaml", () => {
  it("has queries that run", async () => {
    await using server = await startPostgres();
    const env = {
      ...{ POSTGRES_ENDPOINT: `127.0.0.1:${server.port}`, POSTGRES_TLS_INSECURE: "true" },
      ...{ POSTGRES_USER: server.superuser, POSTGRES_PASSWORD: server.password },
    };
    expect(await costs("postgresql", env)).toEqual(["ran custom.sequences", "ran custom.subscriptions"]);
  });
});

const mysqlEnv = (server: { port: number; superuser: string; password: string }) => ({
  ...{ MYSQL_ENDPOINT: `127.0.0.1:${server.port}`, MYSQL_TLS_INSECURE: "true" },
  ...{ MYSQL_USER: server.superuser, MYSQL_PASSWORD: server.password },
});

describeMysql("configs/custom-sql.yaml", () => {
  it("has queries that run", async () => {
    await using server = await startMysql();
    expect(await costs("mysql", mysqlEnv(server))).toEqual(["ran custom.connections"]);
  });
});
