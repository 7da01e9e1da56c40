import { logsBuilder } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { context, onStep } from "../test/running.ts";

const minutes = 100;
const minuteMs = 60_000;
/** The fake clock begins 106 minutes and 40 seconds before the end of a day. */
const minutesLeft = 106 + 40 / 60;
const recordBytes = 200;
/** For ten records a minute. */
const bytesPerDay = Math.round(10 * recordBytes * minutesLeft);

interface Traffic {
  readonly tenant: string;
  readonly perMinute: number;
  readonly severity?: number;
  /** Whether the resource names the tenant, not the record. */
  readonly onResource?: boolean;
}

/** What was kept of each tenant's records on the last step, in a hundred minutes. */
async function keptOf(tenants: object, traffic: readonly Traffic[]) {
  const level = bytesPerDay / minutesLeft / minuteMs;
  const settings = { bytes_per_day: bytesPerDay, ladder: { down: 0.1 }, tenants };
  const { host, part, next, send } = await onStep("essentials", settings, { level });
  const kept = new Map(traffic.map(({ tenant }) => [tenant, 0]));
  for (let minute = 0; minute < minutes; minute++) {
    // By turns, as they would come: nobody is first in every minute.
    for (let turn = 0; turn < Math.max(...traffic.map(({ perMinute }) => perMinute)); turn++) {
      const builder = logsBuilder();
      for (const { tenant, perMinute, severity = 9, onResource } of traffic) {
        if (turn >= perMinute) continue;
        const name = { "db.namespace": tenant };
        builder.resource({ attributes: onResource ? name : {} }).scope({ name: "test" });
        const body = `${minute} ${turn} `.padEnd(recordBytes - 50, "x");
        builder.record({ severityNumber: severity, body, attributes: onResource ? {} : name });
      }
      const batch = await send(builder.build());
      if (batch.signal !== "logs") continue;
      for (const { attributes, resource } of batch.records()) {
        const tenant = attributes.getString("db.namespace") ?? resource.attributes.getString("db.namespace") ?? "";
        kept.set(tenant, (kept.get(tenant) ?? 0) + 1);
      }
    }
    await host.clock.advance(minuteMs);
  }
  await part.stop(context);
  return { kept, bytes: next.batches.reduce((sum, { byteSize }) => sum + byteSize, 0) };
}

describe("tenants on the last step", () => {
  it("get what they ask for below their share, and of the rest by their weights, within the budget", async () => {
    const { kept, bytes } = await keptOf({ weights: { heavy: 3 } }, [
      { tenant: "loud", perMinute: 40 },
      { tenant: "heavy", perMinute: 40 },
      { tenant: "quiet", perMinute: 1, onResource: true },
    ]);
    // All but the first, which came before anything was handed out.
    expect(kept.get("quiet")).toBeGreaterThanOrEqual(minutes - 2);
    const [heavy = 0, loud = 0] = [kept.get("heavy"), kept.get("loud")];
    expect(heavy / loud).toBeGreaterThan(2.7);
    expect(heavy / loud).toBeLessThan(3.3);
    expect(bytes).toBeLessThanOrEqual(bytesPerDay);
    expect(bytes).toBeGreaterThan(0.8 * bytesPerDay);
  });

  it("pay for their own errors, which are kept in any case, and not for those of others", async () => {
    const { kept } = await keptOf({}, [
      { tenant: "failing", perMinute: 8, severity: 17 },
      { tenant: "other", perMinute: 20 },
    ]);
    expect(kept.get("failing")).toBe(8 * minutes);
    // What the errors leave of ten a minute.
    expect(kept.get("other")).toBeGreaterThan(1.5 * minutes);
  });

  it("are one where no attribute names them", async () => {
    const { kept, bytes } = await keptOf({ attribute: "no.such.attribute" }, [
      { tenant: "a", perMinute: 20 },
      { tenant: "b", perMinute: 20 },
    ]);
    expect([...kept.keys()]).toEqual(["a", "b"]);
    expect(bytes).toBeLessThanOrEqual(bytesPerDay);
    expect(bytes).toBeGreaterThan(0.8 * bytesPerDay);
  });
});
