import { RetryableError } from "@dbintel/errors";
import type { ConsumeContext } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { context, records } from "../test/running.ts";
import { circuitBreakerConfig } from "./config.ts";
import { Passage } from "./passage.ts";

it("gives a batch back when the next one does not answer in time, and waits longer for the batch after it", async () => {
  const host = createTestHost();
  const next = {
    consume: (_batch: unknown, { signal }: ConsumeContext) =>
      new Promise<void>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  };
  const config = circuitBreakerConfig.parse({ enable_adaptive_timeout: true, base_timeout: "1s", max_timeout: "2s" });
  const passage = new Passage({ config, host, next });
  for (const waitMs of [1000, 2000, 2000]) {
    const sent = passage.send(records("shop", 1), context);
    const answer = expect(sent).rejects.toEqual(
      new RetryableError(`the next component did not answer within ${waitMs} ms`, { code: "DBI_TIMEOUT" }),
    );
    await host.clock.advance(waitMs - 1);
    expect(host.clock.pendingTimers).toBe(1);
    await host.clock.advance(1);
    await answer;
    expect(host.clock.pendingTimers).toBe(0);
  }
});
