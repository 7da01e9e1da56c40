import { expect, it } from "vitest";
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
