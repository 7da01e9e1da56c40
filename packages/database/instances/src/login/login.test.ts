import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { Secret } from "@dbintel/config";
import { eventually } from "@dbintel/e2e/condition";
import { MountedSecret } from "@dbintel/e2e/mounted-secret";
import type { DbintelError } from "@dbintel/errors";
import { FakeClock } from "@dbintel/pipeline/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LoginSource } from "./login.ts";
import type { PasswordSettings } from "./login-settings.ts";
import { tlsSettings } from "./tls.ts";

const never = new AbortController().signal;
const node = process.execPath;
let folder: string;
let clock: FakeClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbintel-login-"));
  clock = new FakeClock();
});
afterEach(() => rm(folder, { recursive: true }));

function source(
  password: Partial<PasswordSettings>,
  tls: Parameters<typeof tlsSettings.parse>[0] = { insecure: true },
) {
  return new LoginSource({ clock, password: { password_ttl: 300_000, ...password }, tls: tlsSettings.parse(tls) });
}

async function next(login: LoginSource): Promise<string> {
  await login.read(never);
  return login.current.password.reveal();
}

function failure(login: LoginSource, signal = never): Promise<DbintelError> {
  return login.read(signal).then(
    () => Promise.reject(new Error("it was read")),
    (error: DbintelError) => error,
  );
}

it("has the password of the configuration, or none", async () => {
  expect(await next(source({ password: new Secret("literal") }))).toBe("literal");
  expect(await next(source({}))).toBe("");
  expect(await source({ password: new Secret("literal") }).renew(never)).toBe(false);
});

describe("the file of a password", () => {
  it("is read for each connection, through the links of a Secret", async () => {
    await using mounted = await MountedSecret.mount("password", "first\n");
    const login = source({ password_file: mounted.file });
    expect(await next(login)).toBe("first");
    await mounted.replace(" second \r\n");
    expect(login.current.password.reveal()).toBe("first");
    expect(await next(login)).toBe(" second ");
  });

  it("is read again at once when the login is refused", async () => {
    const path = join(folder, "password");
    await writeFile(path, "old");
    const login = source({ password_file: path });
    await login.read(never);
    expect(await login.renew(never)).toBe(false);
    await writeFile(path, "new");
    expect(await login.renew(never)).toBe(true);
    expect(login.current.password.reveal()).toBe("new");
  });

  it.each([
    ["is missing", undefined, "cannot read"],
    ["is empty", "\n", "is empty"],
    ["is too long", "x".repeat(65_537), "is longer than 65536 bytes"],
  ])("says so when it %s", async (_, content, message) => {
    const path = join(folder, "password");
    if (content !== undefined) await writeFile(path, content);
    expect(await failure(source({ password_file: path }))).toMatchObject({
      code: "DBI_FILE",
      message: expect.stringContaining(message),
    });
  });
});

describe("the command of a password", () => {
  /** Prints the content of a file that tells the current token, and what it was called with. */
  async function token(value: string): Promise<readonly string[]> {
    const program = join(folder, "token.mjs");
    await writeFile(join(folder, "token"), value);
    await writeFile(
      program,
      `import { readFileSync } from "node:fs";
       console.log(readFileSync(process.argv[2], "utf8") + process.argv.slice(3).join("|"));`,
    );
    return [node, program, join(folder, "token")];
  }

  it("is run without a shell, and what it printed is kept for a time", async () => {
    const command = await token("one:");
    const login = source({ password_command: [...command, "$HOME; echo *", "--port"], password_ttl: 60_000 });
    expect(await next(login)).toBe("one:$HOME; echo *|--port");
    await token("two:");
    expect(await next(login)).toBe("one:$HOME; echo *|--port");
    await clock.advance(60_000);
    expect(await next(login)).toBe("two:$HOME; echo *|--port");
  });

  it("is run again at once when the login is refused", async () => {
    const login = source({ password_command: await token("expired") });
    await login.read(never);
    await token("fresh");
    expect(await login.renew(never)).toBe(true);
    expect(login.current.password.reveal()).toBe("fresh");
    expect(await login.renew(never)).toBe(false);
  });

  it.each([
    ["fails", "process.stdout.write('s3cr3t'); process.stderr.write('s3cr3t'); process.exit(3)", "ended with 3"],
    ["prints nothing", "", "printed nothing"],
    ["prints too much", "process.stdout.write('s3cr3t'.repeat(20_000))", "prints more than 65536 bytes"],
    ["is ended", "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)", "was ended by SIGTERM"],
  ])("says so when it %s, and nothing of what it printed", async (_, script, message) => {
    const error = await failure(source({ password_command: [node, "-e", script] }));
    expect(error).toMatchObject({
      code: "DBI_DATABASE_AUTHENTICATION",
      message: `the command ${node} of password_command ${message}`,
    });
    expect(inspect(error)).not.toContain("s3cr3t");
  });

  it("says so when there is no such program", async () => {
    expect(await failure(source({ password_command: [join(folder, "none")] }))).toMatchObject({
      message: expect.stringContaining("cannot be run"),
    });
  });

  it("is ended at its time-out with all that it has started, and when nobody waits for it", async () => {
    const started = join(folder, "started");
    const child = `setInterval(() => require("fs").appendFileSync(${JSON.stringify(started)}, "x"), 20)`;
    const script = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "inherit" })`;
    const runs = () =>
      readFile(started, "utf8").then(
        ({ length }) => length,
        () => 0,
      );
    const ended = async () => {
      // It writes every 20 ms: when nothing is added in many times that, nobody is left to do it.
      await eventually("it writes no more", async () => {
        const before = await runs();
        await new Promise((resolve) => setTimeout(resolve, 500));
        return (await runs()) === before ? true : undefined;
      });
    };
    const late = failure(source({ password_command: [node, "-e", script] }));
    await eventually("it runs", async () => ((await runs()) > 0 ? true : undefined));
    await clock.advance(30_000);
    expect(await late).toMatchObject({ message: expect.stringContaining("has printed no password within 30 s") });
    await ended();

    const abort = new AbortController();
    const before = await runs();
    const abandoned = failure(source({ password_command: [node, "-e", script] }), abort.signal);
    await eventually("it runs", async () => ((await runs()) > before ? true : undefined));
    abort.abort(new Error("shutdown"));
    expect(await abandoned).toMatchObject({ message: "shutdown" });
    await ended();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("encryption", () => {
  it("verifies by default, and reads its files for each connection", async () => {
    const [ca_file, cert_file, key_file] = ["ca.pem", "client.pem", "client.key"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [ca_file, cert_file, key_file]) await writeFile(path, "first");
    const login = source({}, { ca_file, cert_file, key_file });
    await login.read(never);
    expect(login.current.tls).toEqual({
      rejectUnauthorized: true,
      ca: Buffer.from("first"),
      cert: Buffer.from("first"),
      key: Buffer.from("first"),
    });
    expect(await login.renew(never)).toBe(false);
    await writeFile(cert_file, "second");
    expect(await login.renew(never)).toBe(true);
    expect(login.current.tls).toMatchObject({ cert: Buffer.from("second") });
    await rm(key_file);
    expect(await failure(login)).toMatchObject({ code: "DBI_FILE", message: `cannot read ${key_file}` });
  });

  it("is off, or trusts anybody, only when told so", async () => {
    const off = source({}, { insecure: true });
    await off.read(never);
    expect(off.current.tls).toBe(false);
    const trusting = source({}, { insecure_skip_verify: true });
    await trusting.read(never);
    expect(trusting.current.tls).toEqual({ rejectUnauthorized: false });
  });
});
