import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineExporter } from "./index.ts";

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
        message: "exporter probe: ✖ Invalid input: expected number, received string\n  → at size",
      }),
    );
  });

  it("carries the definition that a distribution registers", () => {
    expect(probe.definition).toMatchObject({ kind: "exporter", type: "probe", signals: { logs: "alpha" } });
  });
});
