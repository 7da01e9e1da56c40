import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineExporter, type SettingsOf } from "./index.ts";

const probe = defineExporter({
  type: "probe",
  description: "An exporter of a test.",
  signals: { logs: "alpha" },
  schema: z.strictObject({ size: z.number().default(3) }),
  create: () => ({ start: async () => {}, stop: async () => {}, consumers: {} }),
});

describe("a component factory", () => {
  it("checks settings and fills in defaults", () => {
    expect(probe()).toEqual({ definition: probe.definition, config: { size: 3 } });
    expect(probe({ size: 5 }).config.size).toBe(5);
    expect(() => probe({ size: "big" as never })).toThrow(
      expect.objectContaining({
        code: "DBI_CONFIG_INVALID",
        message: 'exporter probe: size: expected a number, got "big"',
        hint: "the settings of probe are in the README of its package",
      }),
    );
  });

  it("may be called without settings where each has a default, and only there", () => {
    const needy = defineExporter({
      ...probe.definition,
      schema: z.strictObject({ size: z.number(), name: z.string() }),
    });
    // @ts-expect-error: the settings are required
    expect(() => needy()).toThrow("exporter probe: size: is required\n    name: is required");
    const settings: SettingsOf<typeof needy> = { size: 1, name: "a" };
    expect(needy(settings).config).toEqual(settings);
    expect(probe(undefined).config).toEqual({ size: 3 });
  });

  it("carries the definition that a distribution registers", () => {
    expect(probe.definition).toMatchObject({ kind: "exporter", type: "probe", signals: { logs: "alpha" } });
  });
});
