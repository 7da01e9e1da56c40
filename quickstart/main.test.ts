import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@dbintel/e2e/condition";
import { findMariadb, findMysql } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterEach, beforeEach, expect, it } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

/** What is shown of MySQL, or of MariaDB where the machine has none. */
const ofMysql: readonly RegExp[] =
  findMysql() === undefined && findMariadb() === undefined
    ? []
    : [
        /(?:MySQL|MariaDB) [\d.]+: \d+ calls of/,
        /billing +SELECT `holder`, `email` FROM `accounts` WHERE (?:`id`|ID) = \?/,
        /N\+1\? \d+ calls in .* SELECT `holder`, `email`/,
        /plan: [\w ]+ over (?:invoices|accounts), cost \d+/,
        /connections \d+ of 151 \| statements [\d.]+\/s/,
        /session \d+ \(billing_app, \w+\) holds up:.*\n {3}└─ \d+ \(billing_app\) waits [\d.]+ s for billing\.balances/,
        /another plan: SELECT `id`, `holder` FROM `accounts` WHERE `email` = \?\n +accounts: .*accounts_email/,
      ];

/** What is shown of MariaDB where that is asked for. */
const ofMariadb: readonly RegExp[] =
  findMariadb() === undefined ? [] : [/MariaDB 1\d[\d.]+: \d+ calls of/, ...ofMysql.slice(1, -1)];

/** It starts a database, which on a busy machine takes its time. */
const patient = { deadlineMs: 200_000 };

/** The built quickstart as a process of its own, with a folder of its own for temporary files. */
function start(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, NODE_OPTIONS: "", NEW_RELIC_LICENSE_KEY: "", TMPDIR: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const run = { child, output: "", exited: once(child, "close").then(([code]: unknown[]) => code) };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      run.output += text;
    });
  }
  return run;
}

/** No process that it has started is there, nobody answers at its addresses, its temporary files are gone. */
async function expectNothingLeft(output: string, folder: string): Promise<void> {
  // The ports that the system chose for it; the well-known ones may be somebody else's by now.
  const addresses = [...output.matchAll(/127\.0\.0\.1:\d+/g)].map(([address]) => address);
  expect(addresses.length).toBeGreaterThanOrEqual(2);
  await eventually(
    "everything has ended",
    async () => {
      const answers = await Promise.all(
        addresses.map((address) => fetch(`http://${address}`).catch(connectionRefused)),
      );
      const left = [
        ...answers.filter((answer) => answer !== "refused"),
        ...(await readdir(folder)),
        ...descendants(folder),
      ];
      return left.length === 0 ? true : undefined;
    },
    { deadlineMs: 60_000 },
  );
}

/** The processes that inherited this TMPDIR; always none where the system has no /proc. */
function descendants(folder: string): readonly string[] {
  return globSync("/proc/[0-9]*/environ").filter((path) => {
    try {
      return readFileSync(path, "utf8").includes(`TMPDIR=${folder}\0`);
    } catch {
      return false; // it has just ended, or it is another user's
    }
  });
}

function connectionRefused(error: Error & { cause?: { code?: string } }) {
  return error.cause?.code === "ECONNREFUSED" ? "refused" : error;
}

describePostgres(18, "npm start", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-quickstart-"));
    await chmod(folder, 0o1777); // like /tmp: when this user is root, the server runs as another one
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("shows what the workload does, the change of a plan too, ends in order at Ctrl-C and leaves nothing", async () => {
    const run = start(folder, []);
    const shown = [
      /share +time +calls +mean +rows +database +user +query/,
      /shop +shop_app +SELECT name, email FROM customers WHERE id = \$1/,
      /warehouse +analyst +SELECT kind, count/,
      /N\+1\? \d+ calls/,
      /sessions: .*connections \d+ of 50/,
      /active time: \d+ % \w+/,
      /plan: .* over [a-z_,]+, cost \d+/,
      /session \d+ .*holds up:.*\n {3}└─ \d+ \(\w+\) waits [\d.]+ s for public\.stock:/,
      /another plan: SELECT id, name FROM customers WHERE email = \$1\n +customers: .* customers_email/,
      ...ofMysql,
    ];
    const missing = () => shown.filter((line) => !line.test(run.output));
    await eventually("all is shown", () => (missing().length === 0 ? true : undefined), { deadlineMs: 200_000 }).catch(
      () => {},
    );
    run.child.kill("SIGINT");
    expect(await run.exited, run.output).toBe(0);
    expect(missing(), run.output).toEqual([]);
    expect(run.output).not.toContain("@customer.example");
    await expectNothingLeft(run.output, folder);
  }, 300_000);

  it("ships to New Relic when the key is set, never prints it, and stops by itself", async () => {
    const key = "eu01xx-not-a-licence-key";
    const keys = new Map<string, unknown>();
    const newRelic = createServer((request, response) => {
      keys.set(request.url ?? "", request.headers["api-key"]);
      request.resume().on("end", () => response.writeHead(200, { "content-type": "application/x-protobuf" }).end());
    }).listen(0, "127.0.0.1");
    await once(newRelic, "listening");
    const address = newRelic.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const env = { NEW_RELIC_LICENSE_KEY: key, NEW_RELIC_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
    const run = start(folder, ["--for", "20s"], env);
    const code = await run.exited;
    newRelic.close();
    expect(code, run.output).toBe(0);
    expect(Object.fromEntries(keys)).toEqual({ "/v1/logs": key, "/v1/metrics": key });
    expect(run.output).not.toContain(key);
    await expectNothingLeft(run.output, folder);
  }, 300_000);

  it("shows MariaDB when that is asked for, and leaves nothing when it is killed", async () => {
    const run = start(folder, ["--mariadb"]);
    const shown = [/Ctrl-C stops/, ...ofMariadb];
    const missing = () => shown.filter((line) => !line.test(run.output));
    await eventually("it runs", () => (missing().length === 0 ? true : undefined), patient).catch(() => {});
    expect(missing(), run.output).toEqual([]);
    expect(descendants(folder).length > 2 || process.platform !== "linux").toBe(true);
    run.child.kill("SIGKILL");
    await run.exited;
    await expectNothingLeft(run.output, folder);
  }, 300_000);
});
