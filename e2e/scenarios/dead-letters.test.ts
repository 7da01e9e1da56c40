import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess, runDbintel } from "../harness/dbintel-process.ts";
import { type JsonBackend, startJsonBackend } from "../harness/json-backend.ts";
import { readLedgers } from "../harness/ledgers.ts";
import { postLogs } from "../harness/log-client.ts";
import { logRecords } from "../harness/otlp-json.ts";
import { type ShippedRelay, shippedRelay } from "../harness/shipped-relay.ts";

/** In every record, and in no letter. */
const person = "jane.doe@example.com";
const shipped = fileURLToPath(new URL("../../configs/dead-letters.yaml", import.meta.url));
const requests = 30;
const recordsPerRequest = 10;
/** One record in some requests is one that the backend does not take; where they stand follows no pattern of the batches. */
const bad = new Set(["2-3", "7-0", "11-9", "19-4", "29-9"]);

describe("a backend that rejects certain records for good", () => {
  let folder: string;
  let backend: JsonBackend;
  let isRepaired: boolean;
  let taken: Map<string, number>;
  let relay: ShippedRelay;
  let config: readonly string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-dead-letters-"));
    isRepaired = false;
    taken = new Map();
    backend = await startJsonBackend(({ body }, response) => {
      const ids = logRecords([body]).map(({ attributes }) => String(attributes.id));
      if (!isRepaired && ids.some((id) => bad.has(id))) {
        response.writeHead(400).end(JSON.stringify({ message: `not a record; ask ${person}` }));
        return;
      }
      for (const id of ids) taken.set(id, (taken.get(id) ?? 0) + 1);
      response.end("{}");
    });
    relay = await shippedRelay(folder, shipped, backend.endpoint);
    // Without verification in the pipeline: what is kept has to be redacted all the same.
    config = [...relay.args, "--set", "service.pipelines.logs.processors=[]"];
  });
  afterEach(async () => {
    await backend[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function send(ids: readonly string[]): Promise<boolean> {
    const records = ids.map((id) => ({ id, note: `ask ${person}` }));
    return (await postLogs(relay.logsUrl, records)) === 200;
  }

  async function started(): Promise<DbintelProcess> {
    const dbintel = new DbintelProcess(["run", ...config], relay.env);
    await eventually(
      "the receiver answers",
      async () => {
        if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
        return (await send([])) || undefined;
      },
      { deadlineMs: 60_000 },
    );
    return dbintel;
  }

  const dlq = (...args: readonly string[]) => runDbintel(["dlq", ...args, ...config], relay.env);
  const metrics = async () => (await fetch(relay.metricsUrl)).text();

  async function accountOf(held: number) {
    return eventually(
      `the exporter holds ${held}`,
      async () => {
        const ledger = readLedgers(await metrics()).find(
          ({ kind, signal }) => kind === "exporter" && signal === "logs",
        );
        return ledger?.held === held && ledger.received > 0 ? ledger : undefined;
      },
      { deadlineMs: 60_000 },
    );
  }

  it("gets everything else; the rejected wait redacted on disk, are shown, and arrive when it is repaired", async () => {
    const first = await started();
    const sent = Array.from({ length: requests }, (_, request) =>
      Array.from({ length: recordsPerRequest }, (_, record) => `${request}-${record}`),
    );
    await Promise.all(sent.map(async (ids) => expect(await send(ids)).toBe(true)));
    const all = new Set(sent.flat());
    expect(await accountOf(0)).toMatchObject({ received: all.size, sent: all.size - bad.size, dropped: bad.size });
    expect(await metrics()).toMatch(
      new RegExp(`^dbintel_exporter_dead_letter_items\\{.*event="stored".*\\} ${bad.size}$`, "m"),
    );
    expect(new Set(taken.keys())).toEqual(without(all, bad));

    const busy = await dlq("ls");
    expect(busy.code).toBe(1);
    expect(busy.stderr).toContain(`is in use by process ${first.pid}`);
    expect(busy.stderr).toContain("stop it first");
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    const kept = await contentOf(join(relay.env.DBINTEL_STATE ?? "", "exporter__otlp_http__dead_letters"));
    expect(kept.includes("19-4")).toBe(true);
    expect(kept.includes(person)).toBe(false);

    const letters: unknown = JSON.parse((await dlq("ls", "--format", "json")).stdout);
    const letter = { exporter: "otlp_http", signal: "logs", items: 1, reason: "rejected", http_status: 400 };
    expect(letters).toEqual(Array.from(bad, () => expect.objectContaining(letter)));
    const ids = (letters as readonly { readonly id: string }[]).map(({ id }) => id);

    const shown = await dlq("show", ids[0] ?? "", "--format", "json");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("ask [REDACTED:email]");
    const [removed] = [...bad].filter((id) => shown.stdout.includes(`"${id}"`));
    expect(await dlq("drop", ids[0] ?? "")).toMatchObject({ code: 0, stdout: "1 letters with 1 items are removed\n" });

    isRepaired = true;
    const replayed = await dlq("replay", "--all");
    expect(replayed).toMatchObject({ code: 0, stderr: "" });
    await using second = await started();
    const account = await accountOf(0);
    expect(account).toMatchObject({ received: bad.size - 1, sent: bad.size - 1, dropped: 0 });
    expect(new Set(taken.keys())).toEqual(without(all, new Set([removed])));
    expect([...taken.values()].filter((times) => times !== 1)).toEqual([]);
    expect(await second.stop()).toEqual({ code: 0, signal: null });
  }, 400_000);
});

function without(all: ReadonlySet<string>, some: ReadonlySet<string | undefined>): ReadonlySet<string> {
  return new Set([...all].filter((each) => !some.has(each)));
}

/** All files of a folder, one after the other. */
async function contentOf(folder: string): Promise<Buffer> {
  return Buffer.concat(await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name)))));
}
