import { createTestHost, MemoryStorage } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import { Checkpoint } from "./checkpoint.ts";
import { JoinedBaseline } from "./joined-baseline.ts";
import { exactInteger, KeptReading } from "./kept-reading.ts";

const schema = z.object({ count: exactInteger, names: z.array(z.string()) });
const state = { count: 2n ** 70n, names: ["a", "b"] };
const origin = { identity: "one", clockMicros: 1_700_000_000_000_000n };
const hourMs = 3_600_000;

function reading(host = createTestHost(), form = "test 1") {
  return { host, kept: new KeptReading({ host, form, schema, maxAgeMs: hourMs }) };
}

const bytes = () => {
  const { kept } = reading();
  kept.keep(origin, state);
  return kept.take() ?? new Uint8Array();
};

it("is compared with by another process, which says so", async () => {
  const { kept, host } = reading();
  expect(kept.restore(bytes(), "sessions")).toBe(true);
  expect(await kept.before(async () => ({ ...origin, clockMicros: origin.clockMicros + 1n }))).toEqual(state);
  expect(kept.clockMicros).toBe(origin.clockMicros);
  expect(host.lines).toEqual([
    {
      level: "info",
      fields: { poll: "sessions", last_poll: "2023-11-14T22:13:20.000Z" },
      message: "sessions goes on from the last poll before the restart, of 2023-11-14T22:13:20.000Z",
    },
  ]);
});

it("names in the log the poll that it is saved for, also beside other readings", async () => {
  const storage = new MemoryStorage();
  const run = async () => {
    const { host, kept } = reading(createTestHost({ storage }));
    const checkpoint = new Checkpoint({ host, name: "activity", baseline: new JoinedBaseline({ sessions: kept }) });
    await checkpoint.load();
    await kept.before(async () => origin);
    kept.keep(origin, state);
    checkpoint.moved();
    await checkpoint.finish();
    return host.lines.map(({ fields, message }) => [fields.poll, message.slice(0, 16)]);
  };
  expect(await run()).toEqual([]);
  expect(await run()).toEqual([["activity", "activity goes on"]]);
});

it("is forgotten when another server answers, and when it is too old", async () => {
  const later = { ...origin, clockMicros: origin.clockMicros + BigInt(hourMs + 1) * 1000n };
  for (const now of [{ ...origin, identity: "two" }, later]) {
    const { kept, host } = reading();
    kept.restore(bytes(), "sessions");
    expect(await kept.before(async () => now)).toBeUndefined();
    expect(kept.take()).toBeUndefined();
    const message = expect.stringMatching(/^the checkpoint of sessions, of 2023-11-14T.*, is not used: /);
    expect(host.lines).toMatchObject([{ level: "warn", fields: { poll: "sessions" }, message }]);
  }
});

it("asks where a reading comes from only after a restart", async () => {
  const { kept } = reading();
  const unasked = () => Promise.reject(new Error("asked"));
  expect(await kept.before(unasked)).toBeUndefined();
  kept.keep(origin, state);
  expect(await kept.before(unasked)).toEqual(state);
  kept.forget();
  expect(await kept.before(unasked)).toBeUndefined();
});

it("is none in another form, or damaged", () => {
  const whole = Buffer.from(bytes());
  const other = Buffer.from(whole.toString().replace('"names":[', '"names":[1,'));
  expect(reading(undefined, "test 2").kept.restore(whole)).toBe(false);
  for (const damaged of [whole.subarray(1), Buffer.from("null"), other]) {
    const { kept } = reading();
    expect(kept.restore(damaged)).toBe(false);
    expect(kept.take()).toBeUndefined();
  }
});
