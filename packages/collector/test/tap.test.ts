import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command, type Running, startRunning } from "./running.ts";

const escapeCharacter = String.fromCharCode(27);

describe("dbintel tap", () => {
  let running: Running;
  beforeAll(async () => {
    running = await startRunning({ extensions: "  admin: { endpoint: ADMIN }" });
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  /** Looks until `limit` records have come, which are sent again and again: nobody knows when a tap has begun. */
  async function tapped(bodies: readonly string[], args: readonly string[], columns?: number) {
    const limit = String(bodies.length);
    const run = command(["tap", ...args, "--admin", running.admin, "--limit", limit], columns ? { columns } : {});
    let ended = false;
    void run.finally(() => {
      ended = true;
    });
    while (!ended) await running.send(...bodies);
    return run;
  }

  it("prints records as JSON lines, what steers a terminal escaped, what is personal taken out", async () => {
    const { code, out, err } = await tapped(
      [`red ${escapeCharacter}[31m\u009b31m\u202e`, "ann@example.com"],
      ["exporter/nop*", "--format", "json"],
    );
    expect(code).toBe(0);
    expect(err).toMatch(/^2 shown, \d+ went by unseen$/);
    const text = out.join("\n");
    expect(text).toMatch(/^[\x20-\x7e\n]+$/);
    expect(text).not.toContain("ann@example.com");
    const seen = out.map((line) => JSON.parse(line));
    expect(seen[0]).toMatchObject({ component: "exporter/nop/sink", signal: "logs" });
    const records = seen.flatMap(({ telemetry }) => telemetry.resourceLogs[0].scopeLogs[0].logRecords);
    expect(records[0]).toMatchObject({ body: { stringValue: `red ${escapeCharacter}[31m\u009b31m\u202e` } });
  });

  it("prints text for people on a terminal", async () => {
    const { code, out } = await tapped([`placed ${escapeCharacter}[2J order`], ["processor/filter"], 80);
    expect(code).toBe(0);
    expect(out[0]).toMatch(/^processor\/filter@logs logs resources=1 records=1 .*"placed \\u001b\[2J order"/s);
    expect(out.join("")).not.toContain(escapeCharacter);
  });

  it("ends by itself after a time, with nothing to show", async () => {
    const { code, out, err } = await command(["tap", "receiver/x", "--admin", running.admin, "--seconds", "0.01"]);
    expect([code, out, err]).toEqual([0, [], "0 shown, 0 went by unseen"]);
  });

  it("says what is wrong with its arguments in the collector's words", async () => {
    const { code, err } = await command(["tap", "--admin", running.admin, "--limit", "9999999"]);
    expect(code).toBe(1);
    expect(err).toMatch(/answers 400: .*limit/);
  });
});
