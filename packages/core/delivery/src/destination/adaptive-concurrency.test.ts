import { RetryableError } from "@dbintel/errors";
import { createTestHost, seededRandom } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { logs, never, schema } from "../../test/running-delivery.ts";
import { createDelivery } from "../delivery.ts";
import type { Sender } from "../sender.ts";

const phaseMs = 30_000;
/** How many requests the destination works on at the same time, phase by phase. */
const capacities = [12, 3, 8, 1, 16];
/** Two more may wait there; the next is answered 429. */
const places = 2;
const serviceMs = 100;
const senders = 16;

/** Sends as much as the destination takes, for all phases: how much that was, and how often it answered 429. */
async function run(seed: number, sending_queue: { num_consumers: number; concurrency: "adaptive" | "fixed" }) {
  const host = createTestHost({ seed });
  const { clock } = host;
  const random = seededRandom(seed + 1000);
  const waiting: (() => void)[] = [];
  const counts = { taken: 0, refused: 0 };
  let busy = 0;
  const capacity = () => capacities[Math.floor(clock.monotonicMs() / phaseMs)] ?? 0;
  const serve = (answer: () => void) => {
    busy++;
    clock.schedule(serviceMs * (0.8 + 0.4 * random.next()), () => {
      busy--;
      counts.taken++;
      answer();
      const next = busy < capacity() ? waiting.shift() : undefined;
      next?.();
    });
  };
  const sender: Sender = {
    send: () =>
      new Promise((resolve, reject) => {
        if (busy < capacity()) serve(resolve);
        else if (waiting.length < places) waiting.push(() => serve(resolve));
        else {
          counts.refused++;
          clock.schedule(5, () => reject(new RetryableError("too many", { httpStatus: 429 })));
        }
      }),
  };
  const settings = {
    retry_on_failure: { initial_interval: "200ms", max_interval: "2s" },
    sending_queue: { ...sending_queue, queue_size: 20_000 },
  };
  const delivery = createDelivery({ id: "otlp_http", host, config: schema.parse(settings), sender });
  await delivery.start({ signal: never });
  const batch = logs(1);
  for (let number = 0; number < 20_000; number++) await delivery.consumers.logs?.consume(batch, { signal: never });
  await clock.advance(phaseMs * capacities.length - 1);
  await delivery.stop({ signal: AbortSignal.abort() });
  return counts;
}

it.each([1, 2])(
  "sends about as much as the best fixed number of requests would, and is refused far less often (seed %i)",
  async (seed) => {
    const adaptive = await run(seed, { num_consumers: senders, concurrency: "adaptive" });
    const fixed = [];
    for (const num_consumers of [4, 12, senders]) fixed.push(await run(seed, { num_consumers, concurrency: "fixed" }));
    const best = fixed.toSorted((one, other) => other.taken - one.taken)[0];
    expect(best?.refused).toBeGreaterThan(200);
    expect(adaptive.taken).toBeGreaterThan(0.88 * (best?.taken ?? 0));
    expect(adaptive.refused).toBeLessThan(0.25 * (best?.refused ?? 0));
  },
);
