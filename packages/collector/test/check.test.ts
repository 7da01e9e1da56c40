import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { main } from "../src/cli.ts";

describePostgres(18, "dbintel check", () => {
  let folder: string;
  let postgres: PostgresServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-check-"));
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function check(password: string) {
    const file = join(folder, "collector.yaml");
    await writeFile(
      file,
      `receivers:
  postgresql:
    endpoint: 127.0.0.1:${postgres.port}
    username: ${postgres.superuser}
    password: \${env:PASSWORD}
    tls: { insecure: true }
    initial_delay: 10ms
    collection_interval: 1s
    timeout: 60s
    top_query_collection: { collection_interval: 1s }
exporters: { nop: }
service:
  pipelines:
    logs: { receivers: [postgresql], exporters: [nop] }
    metrics: { receivers: [postgresql], exporters: [nop] }
`,
    );
    const printed: string[] = [];
    const errors: string[] = [];
    const stopWork = new AbortController();
    const work = keepBusy(stopWork.signal);
    const code = await main(["check", "postgresql", "--config", file, "--once"], {
      env: { PASSWORD: password },
      columns: undefined,
      print: (text) => void printed.push(text),
      printError: (text) => void errors.push(text),
    });
    stopWork.abort();
    await work;
    return { code, out: printed.join("\n"), err: errors.join("\n") };
  }

  /** Statements to find, one after the other. */
  async function keepBusy(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await postgres.query("SELECT count(*) FROM pg_class WHERE relname <> 'x'");
  }

  it("prints one interval's top queries and the metrics", async () => {
    const { code, out, err } = await check(postgres.password);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toMatch(/^ *share +time +calls +mean +rows +database +user +query$/m);
    expect(out).toContain("SELECT count(*) FROM pg_class WHERE relname <> $1");
    expect(out).toMatch(/^postgresql\.connection\.max +\d+ +\{connections\}$/m);
  });

  it("says at once what a person has to mend, without the password", async () => {
    const { code, err } = await check("wr0ng-Passw0rd");
    expect(code).toBe(1);
    expect(err).toContain("password");
    expect(err).not.toContain("wr0ng-Passw0rd");
  });
});
