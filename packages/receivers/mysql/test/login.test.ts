import { chown, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Certificates } from "@dbintel/e2e/certificates";
import { eventually } from "@dbintel/e2e/condition";
import { MountedSecret } from "@dbintel/e2e/mounted-secret";
import { freePort, type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { databaseProblem } from "../src/connection/problems.ts";
import { mysql } from "../src/index.ts";
import { loginOf, never, settingsOf } from "./watch.ts";

const servers = [
  { product: "mysql", suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { product: "mariadb", suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { product, suite, start } of servers) {
  suite("logging in", () => {
    let server: MysqlServer;
    let opened: { close(): Promise<void> }[] = [];

    beforeAll(async () => {
      server = await start();
      await server.query("CREATE USER otel@'%' IDENTIFIED BY 'first'");
      await server.query("GRANT SELECT ON performance_schema.* TO otel@'%'");
    });
    afterEach(async () => {
      await Promise.all(opened.map((each) => each.close()));
      opened = [];
    });
    afterAll(() => server?.stop());

    async function variable(name: string): Promise<string> {
      const [row] = await server.query<RowDataPacket & { value: string }>(`SELECT @@${name} AS value`);
      return row?.value ?? "";
    }

    function connection(login: Parameters<typeof loginOf>, change: Partial<ReturnType<typeof settingsOf>> = {}) {
      const made = new DatabaseConnection({ ...settingsOf(server), login: loginOf(...login), ...change });
      opened.push(made);
      return made;
    }

    /** The receiver, whose clock goes on while it is waited for. */
    async function startReceiver(settings: Record<string, unknown>) {
      const host = createTestHost();
      const metrics = new Sink<"metrics">();
      const { definition, config } = mysql({
        endpoint: `${server.host}:${server.port}`,
        username: "otel",
        tls: { insecure: true },
        timeout: "1h",
        // Time passes here while answers are under way: none of them is slow, and what they cost is no share of it.
        ...{ budget: { max_database_share: "100000%" }, circuit_breaker: { slow_call_duration: "10h" } },
        ...settings,
      });
      const component = definition.create({ id: "mysql", config, host, next: { metrics } });
      opened.push({ close: () => component.stop({ signal: never }) });
      await component.start({ signal: never });
      const more = (what: string) => {
        const before = metrics.batches.length;
        return eventually(what, async () => {
          await host.clock.advance(1000);
          return metrics.batches.length > before ? true : undefined;
        });
      };
      return { host, metrics, more };
    }

    /** The collector's sessions, the oldest first: that one lasts. */
    async function sessions(): Promise<readonly number[]> {
      const rows = await server.query<RowDataPacket & { id: number }>(
        "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = 'otel' ORDER BY ID",
      );
      return rows.map(({ id }) => id);
    }

    /** Ends the sessions that there are; the receiver may have opened others by then. */
    async function loseSessions(): Promise<void> {
      const lost = await sessions();
      for (const id of lost) await server.query(`KILL ${id}`);
      await eventually("the sessions are gone", async () => {
        const left = await sessions();
        return lost.some((id) => left.includes(id)) ? undefined : true;
      });
    }

    it("takes a rotated password from a mounted Secret for the next session, and the open one stays", async () => {
      await server.query("ALTER USER otel@'%' IDENTIFIED BY 'first'");
      await using secret = await MountedSecret.mount("password", "first");
      const { host, more } = await startReceiver({ password_file: secret.file });
      await more("metrics arrive");
      const [before] = await sessions();
      await server.query("ALTER USER otel@'%' IDENTIFIED BY 'second'");
      await secret.replace("second\n");
      await more("the session goes on");
      expect((await sessions())[0]).toBe(before);
      await loseSessions();
      await more("metrics arrive from another session");
      expect((await sessions())[0]).not.toBe(before);
      expect(JSON.stringify(host.lines)).not.toMatch(/AUTHENTICATION|second/);
    });

    it("runs the command for a password again when the server refuses what it printed before", async () => {
      await server.query("ALTER USER otel@'%' IDENTIFIED BY 'token-1'");
      await using secret = await MountedSecret.mount("token", "token-1");
      const print = "process.stdout.write(require('fs').readFileSync(process.argv[1]))";
      const command = [process.execPath, "-e", print, secret.file];
      const { host, more } = await startReceiver({ password_command: command, password_ttl: "24h" });
      await more("metrics arrive");
      await server.query("ALTER USER otel@'%' IDENTIFIED BY 'token-2'");
      await secret.replace("token-2");
      await loseSessions();
      await more("metrics arrive from another session");
      expect(JSON.stringify([host.lines, host.statuses])).not.toMatch(/AUTHENTICATION|refused|token-\d/);
    });

    it("connects over a Unix socket", async () => {
      await server.query("CREATE USER IF NOT EXISTS otel@localhost IDENTIFIED BY 'local'");
      await server.query("GRANT SELECT ON performance_schema.* TO otel@localhost");
      const socket = await variable("socket");
      const { metrics, more } = await startReceiver({
        endpoint: socket,
        transport: "unix",
        password: "local",
        tls: {},
      });
      await more("metrics arrive");
      const [resource] = metrics.batches.flatMap((batch) => [...batch.resources()]);
      const attributes = new Map(resource?.attributes.entries());
      expect(attributes.get("server.address")).toBe(socket);
      expect(attributes.get("mysql.instance.endpoint")).toBe(socket);
      expect(attributes.has("server.port")).toBe(false);
      await server.query("DROP USER otel@localhost");
    });

    it("watches several servers, each for itself", async () => {
      await server.query("ALTER USER otel@'%' IDENTIFIED BY 'first'");
      const nobody = `127.0.0.1:${await freePort()}`;
      const endpoints = [`${server.host}:${server.port}`, `localhost:${server.port}`, nobody];
      const { host, metrics } = await startReceiver({ endpoint: undefined, endpoints, password: "first" });
      const watched = () => {
        const resources = metrics.batches.flatMap((batch) => [...batch.resources()]);
        return new Set(resources.map((each) => new Map(each.attributes.entries()).get("mysql.instance.endpoint")));
      };
      await eventually("both that are there are watched, and the other is told", async () => {
        await host.clock.advance(1000);
        const told = host.lines.some(({ message }) => message.includes(`no connection to ${nobody}`));
        return told && watched().size === 2 ? true : undefined;
      });
      expect(watched()).toEqual(new Set(endpoints.slice(0, 2)));
    });

    if (product === "mariadb") return;

    describe("with TLS", () => {
      let certificates: Certificates;
      let folder: string;

      /** Puts a file where the server may read it. */
      async function give(name: string, content: Buffer): Promise<void> {
        const { uid, gid } = await stat(folder);
        await writeFile(join(folder, name), content, { mode: 0o600 });
        await chown(join(folder, name), uid, gid);
      }

      beforeAll(async () => {
        folder = await variable("datadir");
        certificates = await Certificates.create();
        await certificates.sign("own", { extension: "subjectAltName=DNS:db.internal,IP:127.0.0.1" });
        for (const name of ["ca.pem", "own.pem", "own.key"]) await give(`test-${name}`, await certificates.read(name));
        const file = (name: string) => `'${join(folder, `test-${name}`)}'`;
        await server.query(
          `SET GLOBAL ssl_ca = ${file("ca.pem")}, GLOBAL ssl_cert = ${file("own.pem")}, GLOBAL ssl_key = ${file("own.key")}`,
        );
        await server.query("ALTER INSTANCE RELOAD TLS");
        await server.query("CREATE USER certified@'%' IDENTIFIED BY '' REQUIRE SUBJECT '/CN=client'");
      });
      afterAll(() => certificates?.[Symbol.asyncDispose]());

      async function problemOf(made: DatabaseConnection) {
        const error = await made.ping(never).then(
          () => Promise.reject(new Error("it connected")),
          (reason: unknown) => reason,
        );
        return databaseProblem(error, { endpoint: "db:3306", username: "otel" });
      }

      it("verifies the certificate with its authority and the name or address of the endpoint", async () => {
        const ca_file = certificates.path("ca.pem");
        const made = connection([server.password, { ca_file }]);
        const [row] = await made.query("SHOW SESSION STATUS WHERE Variable_name = 'Ssl_cipher'", [], never);
        expect(row?.Value).not.toBe("");
        await connection([server.password, { ca_file, server_name_override: "db.internal" }]).ping(never);
        const refused = { message: expect.stringContaining("cannot be verified") };
        expect(await problemOf(connection([server.password, {}]))).toMatchObject(refused);
        const other = { ca_file, server_name_override: "other.internal" };
        expect(await problemOf(connection([server.password, other]))).toMatchObject({
          ...refused,
          hint: expect.stringContaining("set tls.server_name_override"),
        });
        // The certificate names no localhost.
        const byName = connection([server.password, { ca_file }], { host: "localhost" });
        expect(await problemOf(byName)).toMatchObject(refused);
      });

      it("shows a client certificate, read for each session", async () => {
        const [ca_file, cert_file, key_file] = ["ca.pem", "client.pem", "client.key"].map((name) =>
          certificates.path(name),
        );
        const login: Parameters<typeof loginOf> = ["", { ca_file, cert_file, key_file }];
        const sign = (subject: string) =>
          certificates.sign("client", { subject, extension: "extendedKeyUsage=clientAuth" });
        await sign("somebody else");
        const made = connection(login, { username: "certified" });
        expect(await problemOf(made)).toMatchObject({ code: "DBI_DATABASE_AUTHENTICATION" });
        await sign("client");
        await made.ping(never);
      });
    });
  });
}
