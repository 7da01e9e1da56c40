import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { type FlakyBackend, startFlakyBackend } from "../harness/flaky-backend.ts";
import { freePort } from "../harness/free-port.ts";
import { readLedgers } from "../harness/ledgers.ts";
import { postLogs } from "../harness/log-client.ts";
import { describeNamespaces, withOwnIds } from "../harness/namespaces.ts";
import { type ShippedRelay, shippedRelay } from "../harness/shipped-relay.ts";

/** Lives of the collector that end by kill -9; `DBINTEL_KILLS=200` for the long run. */
const kills = Number(process.env.DBINTEL_KILLS ?? 6);

/** Each life starts a process, on a machine that may be busy. */
const timeoutMs = 120_000 + kills * 20_000;

/** In every record, and to be redacted before anything keeps it. */
const person = "jane.doe@example.com";

const shipped = fileURLToPath(new URL("../../configs/durable-relay.yaml", import.meta.url));

describe("a relay whose queue is on disk", () => {
  let folder: string;
  let backend: FlakyBackend;
  let relay: ShippedRelay;
  let args: readonly string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-durable-"));
    backend = await startFlakyBackend();
    relay = await shippedRelay(folder, shipped, backend.endpoint);
    args = ["run", ...relay.args];
  });
  afterEach(async () => {
    await backend[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** Sends a request with these ids once; whether it was acknowledged. */
  async function send(ids: readonly string[]): Promise<boolean> {
    const records = ids.map((id) => ({ id, note: `ask ${person}` }));
    return (await postLogs(relay.logsUrl, records)) === 200;
  }

  async function started(): Promise<DbintelProcess> {
    const dbintel = new DbintelProcess(args, relay.env);
    try {
      await eventually(
        "the receiver answers",
        async () => {
          if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
          return (await send([])) || undefined;
        },
        { deadlineMs: 100_000 },
      );
      return dbintel;
    } catch (error) {
      dbintel.kill("SIGKILL");
      throw error;
    }
  }

  /** The exporter's account; everybody's has to be balanced. */
  async function exporter() {
    const ledgers = readLedgers(await (await fetch(relay.metricsUrl)).text());
    for (const { kind, id, signal, received, sent, refused, dropped, held } of ledgers) {
      expect(received, `${kind} ${id} ${signal}`).toBe(sent + refused + dropped + held);
    }
    return ledgers.find(({ kind, signal }) => kind === "exporter" && signal === "logs");
  }

  const holds = (held: number) =>
    eventually(`the exporter holds ${held}`, async () => ((await exporter())?.held === held ? true : undefined));

  it(
    `delivers every acknowledged record through ${kills} kills at random moments, and says what it may send twice`,
    async () => {
      const acknowledged = new Set<string>();
      const unanswered = new Set<string>();
      const startsMs: number[] = [];
      let uncertain = 0;
      for (let life = 0; life < kills; life++) {
        backend.answerAlways(life % 3 === 1 ? 503 : 200);
        const beginMs = performance.now();
        const dbintel = life % 5 === 4 ? new DbintelProcess(args, relay.env) : await started();
        if (life % 5 === 4) {
          // While it looks for what the lives before have left.
          await pause((Math.max(...startsMs) * ((life * 53) % 100)) / 100);
          dbintel.kill("SIGKILL");
        } else startsMs.push(performance.now() - beginMs);
        // Spread over the life; what the collector is at in that moment is left to chance.
        let untilKill = 5 + ((life * 37) % 61);
        const client = async (number: number) => {
          for (let request = 0; dbintel.running && untilKill > 0; request++) {
            const ids = Array.from({ length: 5 }, (_, record) => `${life}-${number}-${request}-${record}`);
            const answered = await send(ids);
            for (const id of ids) (answered ? acknowledged : unanswered).add(id);
            if (!answered) return;
            if (--untilKill === 0) {
              await pause((life * 7) % 20);
              dbintel.kill("SIGKILL");
            }
          }
        };
        await Promise.all(Array.from({ length: 4 }, (_, number) => client(number)));
        expect(await dbintel.exited).toEqual({ code: null, signal: "SIGKILL" });
        uncertain += perhapsSentBefore(dbintel);
      }
      backend.answerAlways(200);
      const restartMs = performance.now();
      await using last = await started();
      const missing = () => [...acknowledged].filter((id) => !backend.taken.has(id));
      await eventually("everything acknowledged has arrived", () => (missing().length === 0 ? true : undefined), {
        deadlineMs: 60_000,
      });
      const recoveredMs = performance.now() - restartMs;
      await holds(0);
      uncertain += perhapsSentBefore(last);
      const twice = [...backend.taken.values()].reduce((sum, times) => sum + times - 1, 0);
      const starts = startsMs.toSorted((one, other) => one - other).map(Math.round);
      console.log(
        `${kills} kills: ${acknowledged.size} records acknowledged, ${missing().length} lost, ${unanswered.size} sent ` +
          `without an answer, ${twice} delivered twice of ${uncertain} announced; a start with what was left took ` +
          `${starts[starts.length >> 1]} ms (median) to ${starts.at(-1)} ms (longest), the last one had delivered all ` +
          `of it after ${Math.round(recoveredMs)} ms`,
      );
      expect([...backend.taken.keys()].filter((id) => !acknowledged.has(id) && !unanswered.has(id))).toEqual([]);
      expect(acknowledged.size).toBeGreaterThanOrEqual(kills * 20);
      expect(twice).toBeLessThanOrEqual(uncertain);
      expect(await last.stop()).toEqual({ code: 0, signal: null });
    },
    timeoutMs,
  );

  it("says at shutdown what it could not deliver, keeps it redacted, and holds the same after the restart", async () => {
    backend.answerAlways(503);
    const first = await started();
    for (let request = 0; request < 10; request++) expect(await send([`${request}-a`, `${request}-b`])).toBe(true);
    await holds(20);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    expect(first.stderr).toContain("not delivered yet: it stays on disk and is sent after the next start");
    expect(first.stderr).toMatch(/ items=20$/m);

    const onDisk = await contentOf(relay.env.DBINTEL_STATE ?? "");
    expect(onDisk.includes("9-b")).toBe(true);
    expect(onDisk.includes(person)).toBe(false);

    await using second = await started();
    await holds(20);
    expect(await exporter()).toMatchObject({ received: 20, sent: 0, dropped: 0, held: 20 });
    backend.answerAlways(200);
    await holds(0);
    expect(await exporter()).toMatchObject({ received: 20, sent: 20, dropped: 0, held: 0 });
    expect([...backend.taken.values()]).toEqual(Array.from({ length: 20 }, () => 1));
    expect(await second.stop()).toEqual({ code: 0, signal: null });
  });

  it("hands its queue over to an exporter with other settings, in the same account", async () => {
    backend.answerAlways(503);
    await using dbintel = await started();
    for (let request = 0; request < 5; request++) expect(await send([`${request}-a`, `${request}-b`])).toBe(true);
    await holds(10);
    await writeFile(
      relay.overlay,
      (await readFile(relay.overlay, "utf8")).replace("max_interval: 200ms", "max_interval: 300ms"),
    );
    dbintel.kill("SIGHUP");
    await eventually(
      "the queue is handed over",
      () => dbintel.stderr.includes("sending what an earlier run left") || undefined,
    );
    expect(await send(["after-a"])).toBe(true);
    await holds(11);
    expect(await exporter()).toMatchObject({ received: 11, sent: 0, dropped: 0 });
    backend.answerAlways(200);
    await holds(0);
    expect(await exporter()).toMatchObject({ received: 11, sent: 11, dropped: 0 });
    expect([...backend.taken.values()]).toEqual(Array.from({ length: 11 }, () => 1));
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
  });

  /** What a second collector on the same folder needs for itself. */
  async function secondArgs(): Promise<readonly string[]> {
    const own = [
      `receivers.otlp.protocols.http.endpoint=127.0.0.1:${await freePort()}`,
      `extensions.health_check.endpoint=127.0.0.1:${await freePort()}`,
      "service.telemetry.metrics.level=none",
    ];
    return [...args, ...own.flatMap((setting) => ["--set", setting])];
  }

  it("leaves its folder to one process: a second one ends and says why", async () => {
    await using first = await started();
    await using second = new DbintelProcess(await secondArgs(), relay.env);
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.stderr).toContain(`is in use by process ${first.pid} on `);
    expect(second.stderr).toContain("Give each collector a directory of its own.");
    expect(await send(["still here"])).toBe(true);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
  });

  describeNamespaces("in containers that share a folder, each with process ids of its own", () => {
    it("leaves it to one of them, and to another one after kill -9", async () => {
      {
        await using first = await started();
        await using second = new DbintelProcess(await secondArgs(), relay.env, withOwnIds);
        await second.exited;
        expect(second.stderr).toContain(`is in use by process ${first.pid} on `);
        expect(await send(["kept"])).toBe(true);
        first.kill("SIGKILL");
        await first.exited;
      }
      await using third = new DbintelProcess(args, relay.env, withOwnIds);
      await eventually(
        "it has what the one before had",
        () => {
          if (!third.running) throw new Error(third.stderr);
          return backend.taken.has("kept") || undefined;
        },
        { deadlineMs: 60_000 },
      );
      await using fourth = new DbintelProcess(await secondArgs(), relay.env, withOwnIds);
      await fourth.exited;
      // Both of them are process 1.
      expect(fourth.stderr).toContain("is in use by process 1 on ");
      third.kill("SIGKILL");
      await third.exited;
      expect(third.stderr).toContain(" stopped");
    });
  });
});

/** All files below a folder, one after the other. */
async function contentOf(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name)))));
}

/** Items that the collector said at its start it may send a second time. */
function perhapsSentBefore({ stderr }: DbintelProcess): number {
  return [...stderr.matchAll(/ perhaps_sent_before=(\d+)/g)].reduce((sum, [, items]) => sum + Number(items), 0);
}
