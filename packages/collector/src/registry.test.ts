import type { ComponentKind } from "@dbintel/pipeline";
import { expect, it } from "vitest";
import { adviceOn, advisedTypes } from "./other-collectors.ts";
import { aliasesOf, loadAllDefinitions, loadRegistry } from "./registry.ts";

it("names every component as its definition does", async () => {
  const definitions = await loadAllDefinitions();
  for (const definition of definitions) {
    expect(aliasesOf(definition), `${definition.kind} ${definition.type}`).toEqual(definition.aliases ?? []);
  }
  const registry = await loadRegistry(definitions);
  for (const { kind, type } of definitions) expect(registry.lookup(kind, type)?.type).toBe(type);
});

it("finds a component by its old spelling", async () => {
  const registry = await loadRegistry([{ kind: "exporter", type: "otlphttp" }]);
  expect(registry.lookup("exporter", "otlphttp")?.type).toBe("otlp_http");
});

it("loads only what is named, and lists all", async () => {
  const registry = await loadRegistry([{ kind: "exporter", type: "nop" }]);
  expect(registry.lookup("exporter", "debug")).toBeUndefined();
  expect(registry.types("exporter")).toEqual([
    "debug",
    "file",
    "new_relic",
    "nop",
    "otlp_grpc",
    "otlp_http",
    "prometheus",
  ]);
});

it("has advice on types of other collectors alone, which names components that there are", async () => {
  const registry = await loadRegistry([]);
  const lookedUp = advisedTypes();
  expect(lookedUp.length).toBeGreaterThan(40);
  for (const { kind, type } of lookedUp) {
    expect([
      ...registry.types(kind),
      ...registry.types(kind).flatMap((each) => aliasesOf({ kind, type: each })),
    ]).not.toContain(type);
    const advice = registry.adviceOn?.(kind, type) ?? "";
    for (const [, place, named] of advice.matchAll(
      /\b(receiver|processor|exporter|connector|extension)s? ([a-z_]+)/g,
    )) {
      expect(registry.types(place as ComponentKind), `${kind} ${type}`).toContain(named);
    }
  }
  expect(adviceOn("receiver", "filelog")).toContain("send to the receiver otlp");
  expect(adviceOn("receiver", "constructor")).toBeUndefined();
});
