import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { deliverySettings, dropReasons } from "./index.ts";

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

function* keysOf(schema: JsonSchema, prefix = ""): Generator<string> {
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    if (value.properties === undefined) yield `${prefix}${key}`;
    else yield* keysOf(value, `${prefix}${key}.`);
  }
}

describe("README.md", () => {
  it("has every key and every reason, and no others", async () => {
    const text = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, name]) => name);
    const keys = [...keysOf(z.toJSONSchema(z.strictObject(deliverySettings()), { io: "input" }) as JsonSchema)];
    const documented = rows.filter((name) => name !== "sending_queue.batch");
    const expected = [...keys, ...dropReasons];
    expect(new Set(documented)).toEqual(new Set(expected));
  });
});
