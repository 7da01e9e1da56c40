import { type BatchOf, logsBuilder, metricsBuilder, type Signal, tracesBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { attributes } from "./component.ts";
import { attributesConfig } from "./config.ts";

const never = new AbortController().signal;

/** What comes out of the processor. */
async function run<S extends Signal>(signal: S, batch: BatchOf[S], config: z.input<typeof attributesConfig>) {
  const next = new Sink<S>();
  const { definition, config: checked } = attributes(config);
  const processor = definition.create({ id: "attributes", config: checked, host: createTestHost(), signal, next });
  await processor.start({ signal: never });
  await processor.consume(batch, { signal: never });
  await processor.stop({ signal: never });
  const [out] = next.batches;
  if (out === undefined || next.batches.length !== 1) throw new Error(`${next.batches.length} batches came out`);
  return out;
}

const tag = { key: "tag", action: "insert", value: "new" } as const;

function logs() {
  return logsBuilder()
    .resource({ attributes: { tag: "of the resource" } })
    .scope({ name: "s" })
    .record({ severityNumber: 9, attributes: { user: "ann" } })
    .record({ severityNumber: 17, attributes: { tag: "old" } })
    .build();
}

function spans() {
  return tracesBuilder()
    .resource({ attributes: {} })
    .scope({ name: "s" })
    .span({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      name: "GET",
      startTimeUnixNano: 0n,
      endTimeUnixNano: 1n,
    })
    .build();
}

describe("attributes", () => {
  it("edits each log record, and neither resource nor scope", async () => {
    const out = await run("logs", logs(), { actions: [tag, { key: "user", action: "delete" }] });
    expect(Array.from(out.records(), (record) => Object.fromEntries(record.attributes.entries()))).toEqual([
      { tag: "new" },
      { tag: "old" },
    ]);
    for (const resource of out.resources()) expect(resource.attributes.get("tag")).toBe("of the resource");
    for (const scope of out.scopes()) expect(scope.attributes.size).toBe(0);
    expect(out.count).toBe(2);
  });

  it("edits only what the condition is true for", async () => {
    const actions = [{ key: "tag", action: "upsert", value: "new" } as const];
    const tags = async (condition: string) => {
      const out = await run("logs", logs(), { actions, condition });
      return Array.from(out.records(), (record) => record.attributes.get("tag"));
    };
    expect(await tags("severity_number >= SEVERITY_NUMBER_ERROR")).toEqual([undefined, "new"]);
    expect(await tags('attributes["user"] == "ann"')).toEqual(["new", "old"]);
    expect(await tags('attributes["user"] != "ann"')).toEqual([undefined, "old"]);
    expect(await tags('resource.attributes["tag"] == "of the resource"')).toEqual(["new", "new"]);
  });

  it("edits spans", async () => {
    const out = await run("traces", spans(), { actions: [tag], condition: 'name == "GET"' });
    expect(Array.from(out.spans(), (span) => span.attributes.get("tag"))).toEqual(["new"]);
  });

  it("edits data points", async () => {
    const batch = metricsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "s" })
      .gauge({ name: "m" }, [
        { timeUnixNano: 1n, value: 1n },
        { timeUnixNano: 1n, value: 2n },
      ])
      .build();
    const out = await run("metrics", batch, { actions: [tag], condition: "value > 1" });
    expect(Array.from(out.points(), (point) => point.attributes.get("tag"))).toEqual([undefined, "new"]);
  });

  it("warns once, when data comes, that the condition is not for the signal, and changes nothing", async () => {
    const host = createTestHost();
    const next = new Sink<"traces">();
    const { definition, config } = attributes({ actions: [tag], condition: "severity_number > 9" });
    const processor = definition.create({ id: "attributes", config, host, signal: "traces", next });
    expect(host.lines).toEqual([]);
    for (let round = 0; round < 2; round++) await processor.consume(spans(), { signal: never });
    expect(next.batches.map((batch) => Array.from(batch.spans(), (span) => span.attributes.size))).toEqual([[0], [0]]);
    expect(host.lines).toEqual([
      {
        level: "warn",
        fields: { signal: "traces", problem: expect.stringContaining("severity_number is there for log conditions") },
        message: "the condition is not for this signal: its items pass unchanged",
      },
    ]);
  });
});

describe("attributesConfig", () => {
  function problems(config: unknown): string {
    const result = attributesConfig.safeParse(config);
    return result.success ? "" : result.error.issues.map(({ message }) => message).join("\n");
  }

  it.each<[unknown, string]>([
    [{ actions: [tag], condition: "nme == 1" }, 'unknown variable "nme"'],
    [{ actions: [tag], include: {} }, "not supported: write condition: <CEL>"],
    [{ actions: [tag], exclude: {} }, "not supported: write condition: !(<CEL>)"],
    [{ actions: [tag], conditions: "true" }, "conditions"],
    [{ actions: [{ key: "k", action: "insert", from_context: "x" }] }, "no request metadata travels"],
  ])("refuses %j: %s", (config, expected) => {
    expect(problems(config)).toContain(expected);
  });

  it("takes a condition that is for one signal alone", () => {
    for (const condition of ["severity_number > 1", "kind == 2", "value > 1", 'attributes["a"] == 1']) {
      expect(problems({ actions: [tag], condition })).toBe("");
    }
  });

  it("refuses settings without an action", () => {
    expect(problems({ actions: [] })).not.toBe("");
    expect(problems({})).not.toBe("");
  });
});
