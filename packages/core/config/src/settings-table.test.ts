import { describe, expect, it } from "vitest";
import { z } from "zod";
import { headers, hostPort } from "./network.ts";
import { secret } from "./secret.ts";
import { settingsTable } from "./settings-table.ts";
import { byteSize, duration } from "./units.ts";

const rows = (schema: z.ZodType) => settingsTable(schema).split("\n").slice(2);

describe("settingsTable", () => {
  it("has a row for each key, nested keys dotted", () => {
    const schema = z.strictObject({
      endpoint: hostPort().prefault("localhost:4318").describe("Where to listen."),
      password: secret().optional().describe("The password."),
      timeout: duration().prefault("5s").describe("How long | at most."),
      name: z.string().describe("A name."),
      retry: z
        .strictObject({ enabled: z.boolean().default(true).describe("Try again."), limit: byteSize().optional() })
        .prefault({ enabled: false })
        .describe("What happens\n  after an error."),
      storage: z.never().optional(),
    });
    expect(settingsTable(schema)).toBe(
      [
        "| Key | Type | Default | Description |",
        "|---|---|---|---|",
        "| `endpoint` | host:port | `localhost:4318` | Where to listen. |",
        "| `password` | secret |  | The password. |",
        "| `timeout` | duration | `5s` | How long \\| at most. |",
        "| `name` | string | required | A name. |",
        "| `retry` | map | `{}` | What happens after an error. |",
        "| `retry.enabled` | boolean | `false` | Try again. |",
        '| `retry.limit` | size |  | A number of bytes, or a text such as "512KiB", "20MiB" or "1MB" (10^6) |',
      ].join("\n"),
    );
  });

  it("has one row for many keys that differ by their names alone", () => {
    const entry = z.strictObject({ enabled: z.boolean().optional().describe("Whether it is sent.") }).optional();
    const keys = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, entry]));
    expect(rows(z.strictObject({ metrics: z.strictObject(keys(20)).describe("Which are sent.") }))).toEqual([
      "| `metrics` | map of maps | required | Which are sent. |",
      "| `metrics.<name>.enabled` | boolean |  | Whether it is sent. |",
    ]);
    expect(rows(z.strictObject({ metrics: z.strictObject(keys(2)) }))).toHaveLength(5);
    const other = { ...keys(20), last: z.string().optional() };
    expect(rows(z.strictObject({ metrics: z.strictObject(other) }))).toHaveLength(42);
  });

  it("names the types of lists, maps, choices and enumerations", () => {
    const schema = z.strictObject({
      names: z.array(z.string()).default([]),
      headers: headers().prefault({}),
      level: z.enum(["low", "high"]).default("low"),
      size: z.union([z.int(), z.enum(["auto"])]).optional(),
      value: z.unknown(),
      rules: z.array(z.strictObject({ when: z.string(), keep: z.boolean().default(true) })).default([]),
      metrics: z.record(z.string(), z.strictObject({ enabled: z.boolean() })).optional(),
    });
    expect(rows(schema)).toEqual([
      "| `names` | list of strings | `[]` |  |",
      "| `headers` | map of secrets | `{}` |  |",
      "| `level` | `low`, `high` | `low` |  |",
      "| `size` | integer or `auto` |  |  |",
      "| `value` | any | required |  |",
      "| `rules` | list of maps | `[]` |  |",
      "| `rules[].when` | string | required |  |",
      "| `rules[].keep` | boolean | `true` |  |",
      "| `metrics` | map of maps |  |  |",
      "| `metrics.<name>.enabled` | boolean | required |  |",
    ]);
  });

  it("shows no default of a key that lists have as a method", () => {
    const schema = z.strictObject({
      fields: z
        .array(z.strictObject({ keys: z.array(z.string()).describe("Names.") }))
        .default([])
        .describe("Fields."),
    });
    expect(rows(schema)).toEqual([
      "| `fields` | list of maps | `[]` | Fields. |",
      "| `fields[].keys` | list of strings | required | Names. |",
    ]);
  });

  it("lists the keys of each member of a choice of maps once", () => {
    const schema = z.strictObject({
      shape: z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("round"), radius: z.number() }),
        z.strictObject({ kind: z.literal("square"), side: z.number() }),
      ]),
    });
    expect(rows(schema)).toEqual([
      "| `shape` | map | required |  |",
      "| `shape.kind` | `round` or `square` | required |  |",
      "| `shape.radius` | number |  |  |",
      "| `shape.side` | number |  |  |",
    ]);
  });

  it("ends where a schema holds itself", () => {
    const tree = z.strictObject({
      name: z.string(),
      get children() {
        return z.array(tree).optional();
      },
    });
    expect(rows(z.strictObject({ tree }))).toEqual([
      "| `tree` | map | required |  |",
      "| `tree.name` | string | required |  |",
      "| `tree.children` | list of maps |  |  |",
    ]);
  });

  it("says when there is nothing to set", () => {
    expect(settingsTable(z.strictObject({}))).toBe("There are no settings.");
  });
});
