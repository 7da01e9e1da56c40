import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { LogRelay } from "../harness/log-relay.ts";
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
  it.each([1, 2, 3])(
    "gets each record once, or has refused it for good, and all is accounted for (seed %i)",
    async (seed) => {
      let answered = 0;
      await using backend = await startMoodyBackend(() => moodOf(seed, answered++));
      const retry = "{ initial_interval: 10ms, max_interval: 40ms, max_elapsed_time: 0s }";
      const overlay = `exporters: { otlp_http: { retry_on_failure: ${retry} } }`;
      await using relay = await LogRelay.start({ endpoint: backend.endpoint, overlay });
      await relay.sendFirst([{ id: "first" }]);
      const acknowledged = new Set(["first"]);
      for (let request = 0; request < requests; request++) {
        const ids = Array.from({ length: recordsPerRequest }, (_, record) => `${request}-${record}`);
        const status = await relay.send(ids.map((id) => ({ id })));
        if (status === 200) for (const id of ids) acknowledged.add(id);
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
        const found = (await relay.ledgers()).find(({ kind }) => kind === "exporter");
        return found?.held === 0 ? found : undefined;
      });
      expect(exporter).toMatchObject({
        received: acknowledged.size,
        sent: backend.taken.size,
        dropped: backend.refused.size,
        refused: 0,
      });
      expect(await relay.process.stop()).toEqual({ code: 0, signal: null });
    },
  );
});
