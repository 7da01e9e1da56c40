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
    const { out: script } = await doctor(config(), "--fix-sql");
    const session = await server.connect();
    const run = async (sql: string) => {
      await session.query(sql);
      return [];
    };
    // Twice: running it again must change nothing.
    for (const _ of [1, 2]) await runScript(script, { run });
    await session.end();
    const after = await findings(config());
    expect(wrong(after.subjects)).toEqual([]);
    expect(after.code).toBe(0);
  });
}

const digests = { "max-digest-length": 4096, "performance-schema-max-digest-length": 4096 };

describeOwnMysql("doctor of a fresh server", () => suite(() => startMysql({ own: true, settings: digests })));
describeMariadb("doctor of a fresh server", () => suite(() => startMariadb(digests)));
