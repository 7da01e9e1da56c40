import { eventually } from "@dbintel/e2e/condition";
import { freePort } from "@dbintel/e2e/free-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command, type Running, startRunning } from "./running.ts";

/** What clears the terminal before a table. */
const home = "\u001b[H\u001b[J";

describe("dbintel top", () => {
  let running: Running;
  beforeAll(async () => {
    running = await startRunning({ extensions: "  admin: { endpoint: ADMIN }" });
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  it("shows states, rates, queues, and what was dropped by reason", async () => {
    expect(await running.send("noise", "noise", "kept")).toBe(200);
    const run = command(["top", "--admin", running.admin, "--interval", "300ms", "--format", "json"]);
    let ended = false;
    void run.finally(() => {
      ended = true;
    });
    // The queue to the backend that is not there is full after seven: then records are given back.
    while (!ended) await running.send("noise", "kept");
    const { code, out } = await run;
    expect(code).toBe(0);
    const view = JSON.parse(out.join("\n"));
    expect(view).toMatchObject({ ready: true, metrics: true });
    const of = (name: string) => view.components.find(({ component }: { component: string }) => component === name);
    const [receiver] = of("receiver/otlp").flows;
    expect(receiver.in_per_second).toBeGreaterThan(0);
    expect(of("processor/filter@logs").flows[0].dropped.filtered.total).toBeGreaterThan(2);
    expect(of("exporter/otlp_http/down").flows[0].queue).toEqual({ size: expect.any(Number), capacity: 7 });
    expect(of("extension/admin")).toMatchObject({ state: "ok", flows: [] });
  });

  it("fits a table into the terminal, with what is wrong below it", async () => {
    await running.send("kept");
    const args = ["top", "--admin", running.admin, "--interval", "100ms", "--once"];
    let text = "";
    while (!text.includes("exporter/otlp_http/down: ")) {
      const { code, out } = await command(args, { columns: 120 });
      expect(code).toBe(0);
      text = out.join("\n");
    }
    const lines = text.split("\n");
    expect(lines[0]).toBe(`${running.admin}: ready, 5 components, 1 in an error`);
    expect(lines[2]).toMatch(/^component +state +signal +in\/s +out\/s +held +queue +breakers +dropped/);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
    expect(text).toMatch(/^exporter\/otlp_http\/down +recoverable_error +logs .* \d\/7/m);
    expect(text).not.toMatch(/[^\x20-\x7e\n…]/);
  });

  it("keeps the last table, marked as old, until the collector answers again", async () => {
    const port = await freePort();
    const options = { extensions: "  admin: { endpoint: ADMIN }", port };
    const first = await startRunning(options);
    const printed: string[] = [];
    const run = command(["top", "--admin", first.admin, "--interval", "100ms"], {
      columns: 120,
      printed: (text) => void printed.push(text.replace(home, "")),
    });
    const last = () => printed.at(-1) ?? "";
    const table = `${first.admin}: ready, 5 components`;
    await eventually("a table", () => last().startsWith(table) || undefined);
    await first[Symbol.asyncDispose]();
    await eventually("the word that it is old", () => last().startsWith("OLD: ") || undefined);
    expect(last()).toMatch(/^OLD: .+; trying again every 100ms\n\nhttp/);
    const second = await startRunning(options);
    try {
      await eventually("a new table", () => last().startsWith(table) || undefined);
      process.emit("SIGINT");
      expect(await run).toMatchObject({ code: 0, err: "" });
    } finally {
      await second[Symbol.asyncDispose]();
    }
  });

  it("refuses an interval that is none", async () => {
    expect(await command(["top", "--interval", "soon"])).toMatchObject({ code: 2 });
  });
});
