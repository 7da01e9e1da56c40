import { chown, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Certificates } from "@dbintel/e2e/certificates";
import { type MysqlServer, startMariadb } from "@dbintel/e2e/servers";
import { describeMariadb } from "@dbintel/e2e/servers/vitest";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { databaseProblem } from "../src/connection/problems.ts";
import { loginOf, never, settingsOf } from "./watch.ts";

/** As RDS asks for the tokens of IAM, and PAM and LDAP for passwords. */
describeMariadb("an account whose password the server wants as it is", () => {
  let server: MysqlServer;
  let certificates: Certificates;

  beforeAll(async () => {
    server = await startMariadb({ "plugin-load-add": "auth_pam_v1", "pam-use-cleartext-plugin": "ON" });
    // PAM knows no such service, and lets nobody in: it is asked only once the password has arrived.
    await server.query("CREATE USER token@'%' IDENTIFIED VIA pam USING 'dbintel-has-none'");
    const [row] = await server.query<RowDataPacket & { folder: string }>("SELECT @@datadir AS folder");
    const folder = row?.folder ?? "";
    certificates = await Certificates.create();
    await certificates.sign("own", { extension: "subjectAltName=IP:127.0.0.1" });
    const { uid, gid } = await stat(folder);
    const placed = async (name: string) => {
      const path = join(folder, name);
      await writeFile(path, await certificates.read(name), { mode: 0o600 });
      await chown(path, uid, gid);
      return path;
    };
    await server.restart({ "ssl-cert": await placed("own.pem"), "ssl-key": await placed("own.key") });
  });
  afterAll(async () => {
    await server?.stop();
    await certificates?.[Symbol.asyncDispose]();
  });

  async function problemWith(tls: NonNullable<Parameters<typeof loginOf>[1]>) {
    const login = loginOf("the-token", tls);
    const connection = new DatabaseConnection({ ...settingsOf(server), username: "token", login });
    const error = await connection.ping(never).then(
      () => Promise.reject(new Error("it connected")),
      (reason: unknown) => reason,
    );
    await connection.close();
    return databaseProblem(error, { endpoint: "db:3306", username: "token" });
  }

  it("sends it where the server's certificate was verified", async () => {
    expect(await problemWith({ ca_file: certificates.path("ca.pem") })).toMatchObject({
      code: "DBI_DATABASE_AUTHENTICATION",
      message: expect.stringContaining("Access denied for user 'token'"),
    });
  });

  it.each([
    ["without TLS", { insecure: true }],
    ["where anybody could answer", { insecure_skip_verify: true }],
  ])("keeps it %s, and says what to do", async (_, tls) => {
    const { code, message, hint, retryable } = await problemWith(tls);
    expect({ code, retryable }).toEqual({ code: "DBI_DATABASE_AUTHENTICATION", retryable: false });
    expect(message).toContain("wants the password of token as it is");
    expect(hint).toContain("tls.ca_file");
    expect(`${message} ${hint}`).not.toContain("the-token");
  });
});
