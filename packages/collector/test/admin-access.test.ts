import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Certificates } from "@dbintel/e2e/certificates";
import { freePort } from "@dbintel/e2e/free-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command, type Running, startRunning } from "./running.ts";

const top = ["top", "--once", "--interval", "100ms", "--admin"];

describe("a command that asks the admin endpoint", () => {
  it("tells what the configuration needs where nobody answers", async () => {
    const port = await freePort();
    const { code, err } = await command([...top, `localhost:${port}`]);
    expect(code).toBe(1);
    expect(err).toContain(`no admin endpoint answers at http://localhost:${port}: ECONNREFUSED (DBI_ADMIN)`);
    expect(err).toContain(`endpoint: localhost:${port}\n      service:\n        extensions: [admin]`);
  });

  it("does not take another server for one", async () => {
    const other = createServer((_request, response) => response.end("<html>"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      const admin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      for (const name of ["tap", "top"]) {
        const { code, err } = await command(name === "tap" ? ["tap", "--admin", admin] : [...top, admin]);
        expect([code, err]).toEqual([1, expect.stringContaining("is no admin endpoint (DBI_ADMIN)")]);
      }
    } finally {
      other.close();
    }
  });

  it.each([
    ["ftp://localhost", {}, "--admin is no http or https URL"],
    ["http://ann:swordfish@localhost", {}, "--admin holds a user or a password"],
    ["http://gateway.example:55680", { DBINTEL_ADMIN_TOKEN: "swordfish" }, "unencrypted to gateway.example:55680"],
    ["http://localhost", { DBINTEL_ADMIN_TOKEN: "sword fish" }, "a token holds printable ASCII"],
    ["http://localhost", { DBINTEL_ADMIN_USER: "ann" }, "a user needs a password"],
    ["https://localhost", { DBINTEL_ADMIN_CA_FILE: "/nowhere/ca.pem" }, "/nowhere/ca.pem cannot be read (ENOENT)"],
  ])("refuses %s with %j, and never repeats a secret", async (admin, env, message) => {
    const { code, err } = await command([...top, admin], { env });
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
    expect(err).not.toMatch(/swordfish|sword fish/);
  });

  describe("that is guarded", () => {
    let folder: string;
    let certificates: Certificates;
    let running: Running;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "dbintel-access-"));
      certificates = await Certificates.create();
      await certificates.sign("server", { extension: "subjectAltName=DNS:localhost" });
      const tls = `{ cert_file: ${certificates.path("server.pem")}, key_file: ${certificates.path("server.key")} }`;
      running = await startRunning({
        scheme: "https",
        extensions: `  bearer_token_auth: { token: swordfish }
  admin: { endpoint: ADMIN, auth: { authenticator: bearer_token_auth }, tls: ${tls} }`,
        started: "[bearer_token_auth, admin]",
      });
    });
    afterAll(async () => {
      await running?.[Symbol.asyncDispose]();
      await certificates?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    it("gives its certificate's authority, and its token from a file", async () => {
      const untrusted = await command([...top, running.admin]);
      expect(untrusted.err).toMatch(/SIGNATURE|CERT.*\n.*--ca-file/);
      const env = { DBINTEL_ADMIN_CA_FILE: certificates.path("ca.pem"), DBINTEL_ADMIN_URL: running.admin };
      const stranger = await command(top.slice(0, -1), { env });
      expect(stranger.err).toContain("answers 401: the credentials are missing or wrong");
      expect(stranger.err).toContain("--token-file");
      const token = join(folder, "token");
      await writeFile(token, "swordfish\n");
      const { code, out } = await command([...top.slice(0, -1), "--token-file", token], { env });
      expect([code, out[0]]).toEqual([0, expect.stringContaining("ready")]);
    });
  });
});
