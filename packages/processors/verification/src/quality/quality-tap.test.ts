import { type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { verificationConfig } from "../config.ts";
import { Verification } from "../verification.ts";

const { signal } = new AbortController();

it("sends findings behind itself, and sees what leaves and not what came", async () => {
  const host = createTestHost();
  const next = new Sink<"logs">();
  const quality = {
    required_fields: ["user"],
    minimum_items: 1,
    min_entity_correlation_rate: 0,
    min_quality_score: 0.8,
  };
  const config = verificationConfig.parse({ quality, entities: { email: "drop" } });
  const part = new Verification<"logs">({ id: "verification", config, host, signal: "logs", next });
  await part.start({ signal });
  const logs = (attributes: Record<string, string>) => logsBuilder().record({ body: "text", attributes }).build();
  await part.consume(logs({ contact: "jane@example.com" }), { signal });
  await host.clock.advance(60_000);
  expect(next.batches).toEqual([]);
  await part.consume(logs({ other: "x" }), { signal });
  await host.clock.advance(60_000);
  await part.stop({ signal });
  expect(next.batches.flatMap(events)).toEqual([
    ["", undefined, undefined],
    ["telemetry.quality.finding", "quality_score", "quality_score"],
    ["telemetry.quality.finding", "required_field", "user"],
  ]);
  expect(host.accounting.of("logs").received).toBe(2);
  expect(host.clock.pendingTimers).toBe(0);
});

function events(batch: Logs) {
  return Array.from(batch.records(), ({ eventName, attributes }) => [
    eventName,
    attributes.getString("telemetry.quality.category"),
    attributes.getString("telemetry.quality.subject"),
  ]);
}
