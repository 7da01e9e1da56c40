import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { runScript } from "@dbintel/e2e/sql-script";
import { afterAll, beforeAll, expect, it } from "vitest";
import { doctor, findings, wrong } from "./doctor.ts";

const password = "a-Passw0rd-of-nobody";

function suite(start: () => Promise<MysqlServer>) {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await start();
    await server.query(`CREATE USER 'o''tel'@'127.0.0.1' IDENTIFIED BY '${password}'`);
  });
  afterAll(() => server?.stop());

  /** Runs what doctor prints. */
  async function repair(): Promise<void> {
    const { out: script } = await doctor(config(), "--fix-sql");
    const session = await server.connect();
    const run = async (sql: string) => {
      await session.query(sql);
      return [];
    };
    // Twice: running it again must change nothing.
    for (const _ of [1, 2]) await runScript(script, { run });
    await session.end();
  }

  const config = () => `
receivers:
  mysql:
    endpoint: 127.0.0.1:${server.port}
    username: o'tel
    password: ${password}
    tls: { insecure: true }
exporters: { nop: }
service:
  pipelines:
    logs: { receivers: [mysql], exporters: [nop] }
    metrics: { receivers: [mysql], exporters: [nop] }
`;

  it("tells what is wrong, each with its code, and the printed script repairs all of it", async () => {
    const before = await findings(config());
    expect(before.code).toBe(1);
    const codes = wrong(before.subjects).map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(new Set(codes)).toEqual(
      new Set(["MY-GRANT-001 fail", "MY-GRANT-002 warn", "MY-GRANT-005 warn", "MY-GRANT-006 warn", "MY-COST-001 fail"]),
    );
    await repair();
    const after = await findings(config());
    expect(wrong(after.subjects)).toEqual([]);
    expect(after.code).toBe(0);
  });

  it("turns on by that script what measures, each consumer and instrument that is off", async () => {
    await server.query("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO'");
    await server.query("UPDATE performance_schema.setup_instruments SET ENABLED = 'NO', TIMED = 'NO'");
    const before = await findings(config());
    expect(before.code).toBe(1);
    expect(wrong(before.subjects).length).toBeGreaterThanOrEqual(9);
    await repair();
    expect(wrong((await findings(config())).subjects)).toEqual([]);
  });

  it("says of a replica that its source is where accounts are given rights", async () => {
    await server.query("REVOKE PROCESS ON *.* FROM 'o''tel'@'127.0.0.1'");
    await server.query("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'statements_digest'");
    await server.query("SET GLOBAL read_only = ON");
    const { out: script } = await doctor(config(), "--fix-sql");
    await server.query("SET GLOBAL read_only = OFF");
    const parts = script.split(/^(?=.* administrator of )/m);
    const source = parts.find((part) => part.includes("administrator of its source")) ?? "";
    const own = parts.find((part) => part.includes("administrator of this server")) ?? "";
    expect(source).toContain("GRANT PROCESS ON *.* TO 'o''tel'@'127.0.0.1';");
    expect(source).not.toContain("setup_consumers");
    expect(own).toMatch(/^UPDATE performance_schema\.setup_consumers .*'statements_digest'/m);
    expect(own).not.toContain("GRANT");
  });
}

const digests = { "max-digest-length": 4096, "performance-schema-max-digest-length": 4096 };

describeOwnMysql("doctor of a fresh server", () => suite(() => startMysql({ own: true, settings: digests })));
describeMariadb("doctor of a fresh server", () => suite(() => startMariadb(digests)));
