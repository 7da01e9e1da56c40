import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import { readLedgers } from "../harness/ledgers.ts";
import { postLogs } from "../harness/log-client.ts";
import { type Mood, startMoodyBackend } from "../harness/moody-backend.ts";

const requests = 150;
const recordsPerRequest = 8;
/** One mood in four is a good one. */
const moods: readonly Mood[] = [200, 200, 200, 429, 503, 502, 500, 400, 401, 403, 413, "partial"];

/** Any, but the same in each run. */
function moodOf(seed: number, number: number): Mood {
  const [byte = 0] = createHash("sha256").update(`${seed} ${number}`).digest();
  return moods[byte % moods.length] ?? 200;
}

describe("a backend that answers anything, in any order", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-moody-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([1, 2, 3])(
    "gets each record once, or has refused it for good, and all is accounted for (seed %i)",
    async (seed) => {
      let answered = 0;
      await using backend = await startMoodyBackend(() => moodOf(seed, answered++));
      const [port, metricsPort] = [await freePort(), await freePort()];
      const config = join(folder, `moody-${seed}.yaml`);
      await writeFile(
        config,
        `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } }
exporters:
  otlp_http:
    endpoint: "${backend.endpoint}"
    encoding: json
    compression: none
    retry_on_failure: { initial_interval: 10ms, max_interval: 40ms, max_elapsed_time: 0s }
service:
  telemetry:
    metrics:
      readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${metricsPort} } } } }]
  pipelines:
    logs: { receivers: [otlp], exporters: [otlp_http] }
`,
      );
      await using dbintel = new DbintelProcess(["run", "--config", config]);
      const post = async (ids: readonly string[]) => {
        const records = ids.map((id) => ({ id }));
        return (await postLogs(`http://127.0.0.1:${port}/v1/logs`, records)) === 200;
      };
      await eventually("it listens", async () => {
        if (!dbintel.running) throw new Error(dbintel.stderr);
        return (await post(["first"])) || undefined;
      });
      const acknowledged = new Set(["first"]);
      for (let request = 0; request < requests; request++) {
        const ids = Array.from({ length: recordsPerRequest }, (_, record) => `${request}-${record}`);
        if (await post(ids)) for (const id of ids) acknowledged.add(id);
      }
      expect(acknowledged.size).toBe(requests * recordsPerRequest + 1);
      const fateOfAll = () => new Set([...backend.taken.keys(), ...backend.refused]);
      await eventually("every record has its fate", () => fateOfAll().size >= acknowledged.size || undefined, {
        deadlineMs: 90_000,
      });
      expect(fateOfAll()).toEqual(acknowledged);
      expect([...backend.taken.values()].filter((times) => times > 1)).toEqual([]);
      expect([...backend.taken.keys()].filter((id) => backend.refused.has(id))).toEqual([]);
      expect(new Set(backend.moods.keys())).toEqual(new Set(moods));
      const exporter = await eventually("the collector knows it too", async () => {
        const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
        const found = readLedgers(text).find(({ kind }) => kind === "exporter");
        return found?.held === 0 ? found : undefined;
      });
      expect(exporter).toMatchObject({
        received: acknowledged.size,
        sent: backend.taken.size,
        dropped: backend.refused.size,
        refused: 0,
      });
      expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
    },
  );
});
