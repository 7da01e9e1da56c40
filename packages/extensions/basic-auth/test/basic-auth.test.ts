import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientAuthenticator, Component, ServerAuthenticator } from "@dbintel/pipeline";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { basicAuth } from "../src/index.ts";

const never = new AbortController().signal;
/** "open sesame", with bcrypt and with SHA-1, as htpasswd writes them. */
const alice = "alice:$2b$04$1xCZbA2kj7EJA3/3H08uWO8yJN6QzDbermmdryGDBunfvP0wcBCO6";
const bob = "bob:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbintel-users-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function started(
  settings: Parameters<typeof basicAuth>[0],
): Promise<{ readonly host: TestHost; readonly extension: Component }> {
  const host = createTestHost();
  const { definition, config } = basicAuth(settings);
  const extension = definition.create({ id: "basic_auth", config, host });
  await extension.start({ signal: never });
  return { host, extension };
}

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;

function admits(extension: Component, value: string | undefined): Promise<boolean> {
  const header = (name: string) => (name === "authorization" ? value : undefined);
  return (extension as Component & ServerAuthenticator).admits(header);
}

describe("senders", () => {
  it("come in with the password of the file, however it is hashed, and with no other", async () => {
    const { extension } = await started({ htpasswd: { inline: `# people\n${alice}\n\n${bob}\n` } });
    for (const name of ["alice", "bob"]) {
      expect(await admits(extension, basic(`${name}:open sesame`))).toBe(true);
      // The second time it is remembered.
      expect(await admits(extension, basic(`${name}:open sesame`))).toBe(true);
      expect(await admits(extension, basic(`${name}:open barley`))).toBe(false);
    }
    const others = [undefined, "", "Basic", "Basic !", basic("carol:open sesame"), basic("alice"), basic(":")];
    for (const value of others) expect(await admits(extension, value)).toBe(false);
    expect(await admits(extension, `Basic ${"A".repeat(100_000)}`)).toBe(false);
  });

  it("that were taken out of the file come in no more", async () => {
    const file = join(folder, "htpasswd");
    await writeFile(file, `${alice}\n${bob}`);
    const { extension, host } = await started({ htpasswd: { file }, reload_interval: "1s" });
    expect(await admits(extension, basic("alice:open sesame"))).toBe(true);
    await writeFile(file, bob);
    await host.clock.advance(1000);
    await extension.stop({ signal: never });
    expect(await admits(extension, basic("alice:open sesame"))).toBe(false);
    expect(await admits(extension, basic("bob:open sesame"))).toBe(true);
  });

  it("who guess many passwords at a time are turned away, and the others come in again afterwards", async () => {
    const { extension } = await started({ htpasswd: { inline: alice } });
    const guesses = Array.from({ length: 100 }, (_, at) => admits(extension, basic(`alice:guess ${at}`)));
    expect(await admits(extension, basic("alice:open sesame"))).toBe(false);
    expect(new Set(await Promise.all(guesses))).toEqual(new Set([false]));
    expect(await admits(extension, basic("alice:open sesame"))).toBe(true);
  });

  it.each([
    ["alice:open sesame", "line 1 of htpasswd.inline is no user with a hashed password"],
    [`${bob}\nalice`, "line 2 of htpasswd.inline"],
    ["alice:$2b$31$1xCZbA2kj7EJA3/3H08uWO8yJN6QzDbermmdryGDBunfvP0wcBCO6", "line 1 of htpasswd.inline"],
    ["# nobody", "htpasswd.inline has no users"],
  ])("are not read from %j, which no message quotes", async (inline, message) => {
    await expect(started({ htpasswd: { inline } })).rejects.toThrow(message);
    await expect(started({ htpasswd: { inline } })).rejects.not.toThrow("sesame");
  });
});

describe("exporters", () => {
  it("present the user and the password, from files that may be replaced", async () => {
    const password_file = join(folder, "password");
    await writeFile(password_file, "first\n");
    const { extension, host } = await started({
      client_auth: { username: "carol", password_file },
      reload_interval: "1s",
    });
    const client = extension as Component & ClientAuthenticator;
    expect(client.credentials()).toEqual({ authorization: basic("carol:first") });
    await writeFile(password_file, "second\n");
    await host.clock.advance(1000);
    await extension.stop({ signal: never });
    expect(client.credentials()).toEqual({ authorization: basic("carol:second") });
    expect(JSON.stringify(host.lines)).not.toMatch(/first|second/);
  });

  it("cannot be taken for senders: an extension is one or the other", async () => {
    const client = await started({ client_auth: { username: "carol", password: "secret" } });
    const server = await started({ htpasswd: { inline: bob } });
    expect("admits" in client.extension).toBe(false);
    expect("credentials" in server.extension).toBe(false);
  });

  it.each([
    [{}, "name htpasswd, for senders, or client_auth, for exporters"],
    [{ client_auth: { username: "carol" } }, "name password or password_file"],
    [{ client_auth: { username: "a:b", password: "c" } }, "cannot hold a colon"],
    [{ client_auth: { username: "carol", password: "" } }, "password"],
    [{ htpasswd: {} }, "name file or inline"],
  ])("refuses %j", (settings, message) => {
    expect(() => basicAuth(settings)).toThrow(message);
  });
});
