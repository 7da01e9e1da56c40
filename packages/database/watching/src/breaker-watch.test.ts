import { breakers, defaultBreakerSettings } from "@dbintel/guard";
import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { BreakerWatch } from "./breaker-watch.ts";

it("logs the beginning and the end of an outage for everybody, and its probes for who looks closer", async () => {
  const host = createTestHost();
  const watched = { endpoint: "db:5432", database: "shop" };
  const watch = new BreakerWatch({ host, watched, settings: defaultBreakerSettings });
  await watch.start();
  const call = (end: "succeed" | "fail") => {
    const admission = host.shared(breakers).database("db:5432", "shop").admit("metrics", true);
    if (!admission.admitted) throw new Error(`refused: ${admission.reason}`);
    if (end === "fail") admission.fail("failover");
    else admission.succeed(1);
  };
  for (let failure = 0; failure < defaultBreakerSettings.failureThreshold; failure++) call("fail");
  for (let probe = 0; probe < 10; probe++) {
    await host.clock.advance(defaultBreakerSettings.maxOpenMs);
    call("fail");
  }
  await host.clock.advance(defaultBreakerSettings.maxOpenMs);
  for (let success = 0; success < 5; success++) call("succeed");
  const told = host.lines.filter(({ level }) => level === "info").map(({ fields }) => [fields.to, fields.cause]);
  expect(told).toEqual([
    ["open", "consecutive_failures"],
    ["closed", "recovered"],
  ]);
  expect(host.lines.filter(({ level }) => level === "debug")).toHaveLength(21);
  await watch.stop();
});
