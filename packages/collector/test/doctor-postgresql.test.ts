import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { runScript } from "@dbintel/e2e/sql-script";
import { afterAll, beforeAll, expect, it } from "vitest";
import { doctor, findings, wrong } from "./doctor.ts";

const password = "a-Passw0rd-of-nobody";

for (const major of [15, 18]) {
  describePostgres(major, "doctor of a fresh PostgreSQL", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres({ major, preload: [], extensions: [] });
      await server.query(`CREATE ROLE "Otel-1" LOGIN PASSWORD '${password}'`);
      await server.query('CREATE DATABASE "my Shop"');
    });
    afterAll(() => server?.stop());

    const config = (more = "") => `
receivers:
  postgresql:
    endpoint: 127.0.0.1:${server.port}
    username: Otel-1
    password: ${password}
    tls: { insecure: true }${more}
exporters: { nop: }
service:
  pipelines:
    logs: { receivers: [postgresql], exporters: [nop] }
    metrics: { receivers: [postgresql], exporters: [nop] }
`;

    it("tells what is wrong, each with its code, and the printed script repairs all of it", async () => {
      const before = await findings(config());
      expect(before.code).toBe(1);
      const codes = wrong(before.subjects).map((line) => line.split(" ").slice(0, 2).join(" "));
      expect(new Set(codes)).toEqual(
        new Set([
          ...["PG-EXT-001 fail", "PG-EXT-002 fail", "PG-SET-001 warn", "PG-SET-002 warn", "PG-GRANT-001 fail"],
          ...["PG-GRANT-002 warn", "PG-GRANT-003 warn", "PG-COST-001 fail"],
        ]),
      );

      const { out: script, code } = await doctor(config(), "--fix-sql");
      expect(code).toBe(1);
      // Twice: running it again must change nothing.
      for (const _ of [1, 2]) await runRepair(script);
      await server.restart();

      const after = await findings(config());
      expect(wrong(after.subjects)).toEqual([]);
      expect(after.code).toBe(0);
      expect((await doctor(config(), "--fix-sql")).out).toBe("-- nothing to repair by SQL");
    });

    async function runRepair(script: string): Promise<void> {
      let session = await server.connect();
      try {
        await runScript(script, {
          run: async (sql) => (await session.query(sql)).rows,
          enter: async (database) => {
            await session.end();
            session = await server.connect({ database });
          },
        });
      } finally {
        await session.end();
      }
    }
  });
}
