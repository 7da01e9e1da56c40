import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { type FlakyBackend, startFlakyBackend } from "../harness/flaky-backend.ts";
import { readLedgers } from "../harness/ledgers.ts";
import { LogRelay } from "../harness/log-relay.ts";
import { describeNamespaces, SmallDisk } from "../harness/namespaces.ts";

/** What one record takes on the disk, roughly. */
const note = "x".repeat(20_000);
const deadline = { deadlineMs: 60_000 };

describeNamespaces("a queue on a disk that fills up in the middle of a write", () => {
  let state: string;
  let backend: FlakyBackend;
  let disk: SmallDisk;

  beforeEach(async () => {
    state = await mkdtemp(join(tmpdir(), "dbintel-small-disk-"));
    disk = await SmallDisk.mount(state, "6m");
    backend = await startFlakyBackend();
    backend.answerAlways(503);
  });
  afterEach(async () => {
    await backend[Symbol.asyncDispose]();
    await disk[Symbol.asyncDispose]();
    await rm(state, { recursive: true, force: true });
  });

  const ballast = () => disk.file("ballast");

  async function started(policy: string) {
    const relay = await LogRelay.start({
      endpoint: backend.endpoint,
      overlay: `
exporters:
  otlp_http:
    retry_on_failure: { initial_interval: 50ms, max_interval: 200ms }
    sending_queue: { storage: file_storage, queue_size: 1GiB, on_storage_failure: ${policy} }
extensions: { file_storage: { directory: "${state}" } }
service: { extensions: [file_storage] }
`,
      by: disk.enter,
    });
    const dbintel = relay.process;
    const send = (id: string) => relay.send([{ id, note }]);
    const takesData = (id: string) => relay.sendFirst([{ id, note }], deadline);
    const exporter = async () => {
      const text = await relay.metrics();
      const failed = /dropped_items.*reason="storage_failed".* (\d+)$/m.exec(text)?.[1];
      return { ...readLedgers(text).find(({ kind }) => kind === "exporter"), storageFailed: Number(failed ?? 0) };
    };
    return { dbintel, send, takesData, exporter };
  }

  /** Sends eight records at once, which share a write: the disk takes a part of it. The answers by id. */
  async function sendTogether(send: (id: string) => Promise<number | undefined>, name: string) {
    const ids = Array.from({ length: 8 }, (_, index) => `${name}-${index}`);
    return Promise.all(ids.map(async (id) => ({ id, status: await send(id) })));
  }

  /** Sends until the disk has been full for a while. */
  async function fill(send: (id: string) => Promise<number | undefined>, isFull: () => boolean | Promise<boolean>) {
    const answers: { readonly id: string; readonly status: number | undefined }[] = [];
    for (let request = 0; !(await isFull()); request++) {
      if (request > 100) throw new Error("the disk does not fill up");
      answers.push(...(await sendTogether(send, `filling ${request}`)));
    }
    return answers;
  }

  it("gives back what the disk does not take, survives kill -9, and goes on when there is room", async () => {
    await writeFile(ballast(), Buffer.alloc(3_000_000));
    const acknowledged = ["first"];
    {
      const { dbintel, send, takesData } = await started("refuse");
      await using _ = dbintel;
      await takesData("first");
      let refused = 0;
      const answers = await fill(
        async (id) => {
          const status = await send(id);
          if (status !== 200) refused++;
          return status;
        },
        () => refused >= 20,
      );
      acknowledged.push(...answers.filter(({ status }) => status === 200).map(({ id }) => id));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
      expect(dbintel.stderr).toMatch(
        /ERROR \[exporter otlp_http\] the queue on disk takes no data.*ENOSPC.*free space/,
      );
      dbintel.kill("SIGKILL");
      await dbintel.exited;
    }
    // The disk is still full.
    const { dbintel, takesData, exporter } = await started("refuse");
    await using _ = dbintel;
    await eventually(
      "it has found what is on the full disk",
      () => {
        if (!dbintel.running) throw new Error(dbintel.stderr);
        return dbintel.stderr.includes("everything is ready") || undefined;
      },
      deadline,
    );
    expect((await exporter()).held).toBe(acknowledged.length);
    await rm(ballast());
    await takesData("with room");
    acknowledged.push("with room");
    backend.answerAlways(200);
    await eventually("all has arrived", () => backend.taken.size >= acknowledged.length || undefined, deadline);
    await eventually("the queue is empty", async () => (await exporter()).held === 0 || undefined, deadline);
    expect([...backend.taken.keys()].toSorted()).toEqual(acknowledged.toSorted());
    expect([...backend.taken.values()].filter((times) => times !== 1)).toEqual([]);
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
  });

  it("drops and counts what the disk does not take, where that is what was asked for", async () => {
    await writeFile(ballast(), Buffer.alloc(3_000_000));
    const { dbintel, send, takesData, exporter } = await started("drop");
    await using _ = dbintel;
    await takesData("first");
    const answers = await fill(send, async () => (await exporter()).storageFailed >= 20);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await rm(ballast());
    expect((await sendTogether(send, "with room")).map(({ status }) => status)).toEqual(Array(8).fill(200));
    backend.answerAlways(200);
    const queue = await eventually(
      "the queue is empty",
      async () => {
        const account = await exporter();
        return account.held === 0 ? account : undefined;
      },
      deadline,
    );
    const accepted = 1 + answers.length + 8;
    expect(queue).toMatchObject({ received: accepted, sent: backend.taken.size, dropped: queue.storageFailed });
    expect(backend.taken.size + queue.storageFailed).toBe(accepted);
    expect([...backend.taken.values()].filter((times) => times !== 1)).toEqual([]);
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
  });
});
