import { appendFile, chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Certificates } from "@dbintel/e2e/certificates";
import { eventually } from "@dbintel/e2e/condition";
import { MountedSecret } from "@dbintel/e2e/mounted-secret";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { databaseProblem } from "../src/connection/problems.ts";
import { postgresql } from "../src/index.ts";
import { loginOf, never, settingsOf } from "./watch.ts";

const context = { endpoint: "db:5432", username: "otel", database: "postgres" };
let server: PostgresServer;
let certificates: Certificates;
let sockets: string;
/** Where the server has its files. */
let data: string;
let opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  sockets = await mkdtemp(join(tmpdir(), "dbintel-sockets-"));
  await chmod(sockets, 0o777);
  [server, certificates] = await Promise.all([
    startPostgres({ settings: { unix_socket_directories: sockets } }),
    Certificates.create(),
  ]);
  await certificates.sign("server", { extension: "subjectAltName=DNS:db.internal,IP:127.0.0.1" });
  const [row] = await server.query<{ data_directory: string }>("SHOW data_directory");
  data = row?.data_directory ?? "";
  await give("server.key", await certificates.read("server.key"));
  await give("server.crt", await certificates.read("server.pem"));
  await give("ca.crt", await certificates.read("ca.pem"));
  await server.query("CREATE ROLE otel LOGIN PASSWORD 'first' IN ROLE pg_monitor");
  await server.query("CREATE ROLE certified LOGIN");
  const rules = await readFile(join(data, "pg_hba.conf"), "utf8");
  await writeFile(join(data, "pg_hba.conf"), `hostssl all certified 127.0.0.1/32 cert\n${rules}`);
  await appendFile(join(data, "postgresql.conf"), "ssl = on\nssl_ca_file = 'ca.crt'\n");
  await server.query("SELECT pg_reload_conf()");
  await eventually("the server offers TLS", async () => {
    const [set] = await server.query<{ ssl: string }>("SHOW ssl");
    return set?.ssl === "on" ? true : undefined;
  });
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
  opened = [];
});
afterAll(async () => {
  await server?.stop();
  await certificates?.[Symbol.asyncDispose]();
  await rm(sockets, { recursive: true, force: true });
});

/** Puts a file among the server's own, which it reads only when nobody else may. */
async function give(name: string, content: Buffer): Promise<void> {
  const { uid, gid } = await stat(data);
  await writeFile(join(data, name), content, { mode: 0o600 });
  await chown(join(data, name), uid, gid);
}

function connection(login: Parameters<typeof loginOf>, change: Partial<ReturnType<typeof settingsOf>> = {}) {
  const settings = { ...settingsOf(server), login: loginOf(...login), ...change };
  const made = new DatabaseConnection(settings, "postgres");
  opened.push(made);
  return made;
}

async function problemOf(made: DatabaseConnection) {
  const error = await made.ping(never).then(
    () => Promise.reject(new Error("it connected")),
    (reason: unknown) => reason,
  );
  return databaseProblem(error, context);
}

describe("a password that is rotated", () => {
  /** The receiver, whose clock goes on while it is waited for. */
  async function start(settings: Record<string, unknown>) {
    const host = createTestHost();
    const metrics = new Sink<"metrics">();
    const { definition, config } = postgresql({
      endpoint: `${server.host}:${server.port}`,
      username: "otel",
      tls: { insecure: true },
      timeout: "1h",
      // So there is one session: none begins between the change of the password on the server and that of the file.
      object_collection: { enabled: false },
      ...settings,
    });
    const component = definition.create({ id: "postgresql", config, host, next: { metrics } });
    opened.push({ close: () => component.stop({ signal: never }) });
    await component.start({ signal: never });
    const more = (what: string, { stepMs = 1000 } = {}) => {
      const before = metrics.batches.length;
      return eventually(what, async () => {
        await host.clock.advance(stepMs);
        return metrics.batches.length > before ? true : undefined;
      });
    };
    return { host, more };
  }

  /** The collector's lasting session. */
  async function session(): Promise<number | undefined> {
    const [row] = await server.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE usename = 'otel' AND application_name = 'dbintel'",
    );
    return row?.pid;
  }

  async function loseSession(): Promise<void> {
    await server.query(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'otel' AND backend_type = 'client backend'",
    );
  }

  it("in a mounted Secret serves the next session, and the open one stays", async () => {
    await server.query("ALTER ROLE otel PASSWORD 'first'");
    await using secret = await MountedSecret.mount("password", "first");
    const { host, more } = await start({ password_file: secret.file });
    await more("metrics arrive");
    const before = await session();
    await server.query("ALTER ROLE otel PASSWORD 'second'");
    await secret.replace("second\n");
    await more("the session goes on");
    expect(await session()).toBe(before);
    await loseSession();
    await more("metrics arrive from another session");
    expect(await session()).not.toBe(before);
    expect(JSON.stringify(host.lines)).not.toMatch(/AUTHENTICATION|second/);
  });

  it("is asked for again when the server refuses the one that a command printed before", async () => {
    await server.query("ALTER ROLE otel PASSWORD 'token-1'");
    await using secret = await MountedSecret.mount("token", "token-1");
    const { host, more } = await start({ password_command: ["cat", secret.file], password_ttl: "24h" });
    // The command has 30 s of this clock, and a busy machine starts it late.
    const slowly = { stepMs: 100 };
    await more("metrics arrive", slowly);
    await server.query("ALTER ROLE otel PASSWORD 'token-2'");
    await secret.replace("token-2");
    await loseSession();
    await more("metrics arrive from another session", slowly);
    expect(JSON.stringify([host.lines, host.statuses])).not.toMatch(/AUTHENTICATION|refused|token-\d/);
  });

  it("that is wrong is said without a word of it, and tried rarely", async () => {
    await server.query("ALTER ROLE otel PASSWORD 'right'");
    await using secret = await MountedSecret.mount("password", "wr0ng");
    const { host, more } = await start({ password_file: secret.file });
    await eventually("it is refused", async () => {
      await host.clock.advance(1000);
      return host.statuses.at(-1)?.state === "permanent_error" ? true : undefined;
    });
    expect(host.statuses.at(-1)).toMatchObject({ message: expect.stringContaining("refused user otel") });
    await secret.replace("right");
    await more("it is tried again");
    expect(JSON.stringify([host.lines, host.statuses])).not.toContain("wr0ng");
  });
});

describe("the server's certificate", () => {
  const ca_file = () => certificates.path("ca.pem");

  it("is verified with its authority and its name", async () => {
    const made = connection([server.password, { ca_file: ca_file() }]);
    const [row] = await made.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", [], never);
    expect(row).toEqual({ ssl: true });
  });

  it("is not trusted by who does not know its authority", async () => {
    expect(await problemOf(connection([server.password, {}]))).toMatchObject({
      message: expect.stringContaining("cannot be verified"),
      hint: expect.stringContaining("tls.ca_file"),
    });
  });

  it("must have the name of the endpoint, or the one that is given for it", async () => {
    await connection([server.password, { ca_file: ca_file(), server_name_override: "db.internal" }]).ping(never);
    const other = { ca_file: ca_file(), server_name_override: "other.internal" };
    expect(await problemOf(connection([server.password, other]))).toMatchObject({
      message: expect.stringContaining("cannot be verified"),
      hint: expect.stringContaining("set tls.server_name_override"),
    });
    // The certificate names no localhost.
    const byName = connection([server.password, { ca_file: ca_file() }], { host: "localhost" });
    expect(await problemOf(byName)).toMatchObject({ message: expect.stringContaining("cannot be verified") });
  });

  it("is accepted from anybody where the settings say so", async () => {
    const made = connection([server.password, { insecure_skip_verify: true }]);
    await made.ping(never);
    expect(made.open).toBe(true);
  });
});

it("shows a client certificate, and the new one when its files have been replaced", async () => {
  const sign = () => certificates.sign("client", { subject: "certified", extension: "extendedKeyUsage=clientAuth" });
  await sign();
  const [ca_file, cert_file, key_file] = ["ca.pem", "client.pem", "client.key"].map((name) => certificates.path(name));
  const tls = { ca_file, cert_file, key_file };
  const made = connection(["", tls], { username: "certified" });
  const serial = async () => {
    const [row] = await made.query(
      "SELECT client_serial::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
      [],
      never,
    );
    return row?.client_serial;
  };
  const first = await serial();
  await sign();
  expect(await serial()).toBe(first);
  await made.close();
  expect(await serial()).not.toBe(first);
});

it("connects over a Unix socket, with the password that the server asks for", async () => {
  const made = connection([server.password], { host: sockets });
  const [row] = await made.query("SELECT inet_client_addr() IS NULL AS local", [], never);
  expect(row).toEqual({ local: true });
  await server.query("ALTER ROLE otel PASSWORD 'right'");
  expect(await problemOf(connection([""], { host: sockets, username: "otel" }))).toMatchObject({
    code: "DBI_DATABASE_AUTHENTICATION",
    hint: expect.stringContaining("password_file"),
  });
});
