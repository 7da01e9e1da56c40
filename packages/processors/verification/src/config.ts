import { positiveDuration, secret } from "@dbintel/config";
import { textScopes } from "@dbintel/pdata";
import { checksumNames, entities, patternProblem, sensitivityLevels } from "@dbintel/pii";
import { sqlModeSettings } from "@dbintel/sql";
import { z } from "zod";
import { leastKeyLength } from "./hash-key.ts";
import { qualityConfig } from "./quality/config.ts";

/** What is done with what was found. */
export const modes = ["detect", "redact", "mask", "hash", "drop"] as const;
/** A mode, or `keep`: left as it is, and expected to be there. */
export const actions = [...modes, "keep"] as const;
export type Action = (typeof actions)[number];

/** The entity of a value that is sensitive for the name that it is stored under. */
export const sensitiveKey = "sensitive_key";

const builtIn = new Set([...entities, sensitiveKey]);

/** RE2 that compiles; an error says why another does not. */
const pattern = z.string().superRefine((text, refinement) => {
  const message = patternProblem(text);
  if (message !== undefined) refinement.addIssue({ code: "custom", message });
});
const names = () => z.array(z.string().min(1)).refine((list) => new Set(list).size === list.length, "names one twice");
const entityName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, "expected lower_snake_case of at most 64 characters");

const customPattern = z.strictObject({
  name: entityName
    .refine((name) => !builtIn.has(name), "is the name of a built-in entity")
    .describe("Name of what it finds, in metrics and in what takes its place"),
  pattern: pattern.describe("RE2; a group named `value` in it is what is sensitive"),
  checksum: z.enum(checksumNames).optional().describe("Check that what was found must pass"),
  context: names().default([]).describe("Words of which one must stand before it, or in the name of the attribute"),
  level: z.enum(sensitivityLevels).default("low").describe("Lowest sensitivity_level at which it is looked for"),
});

const allowed = z
  .strictObject({
    value: z.string().min(1).optional().describe("The text that may leave, all of it"),
    pattern: pattern.optional().describe("RE2 for texts that may leave; it must match all of what was found"),
    keys: names().optional().describe("Names of attributes to which this is limited; `*` stands for any characters"),
    entities: z.array(entityName).min(1).optional().describe("Entities to which this is limited"),
  })
  .refine((rule) => rule.value === undefined || rule.pattern === undefined, "value and pattern exclude each other")
  .refine((rule) => rule.value !== undefined || rule.pattern !== undefined || rule.entities !== undefined, {
    error: "allows everything: name a value, a pattern, or the entities that may leave under these keys",
  });

const field = z.strictObject({
  keys: names().default(["*"]).describe("Names of attributes or of entries in maps; `*` stands for any characters"),
  scopes: z.array(z.enum(textScopes)).min(1).optional().describe("Where they stand; everywhere by default"),
  entities: z.array(entityName).min(1).optional().describe("Entities to which this is limited; all by default"),
  mode: z.enum(actions).describe("What is done there; `keep` leaves and counts what is found"),
});

const hash = z
  .strictObject({
    key: secret(z.string().min(leastKeyLength, `must have at least ${leastKeyLength} characters`))
      .optional()
      .describe("Key of HMAC-SHA-256; keep it in an environment variable or a file"),
    key_file: z
      .string()
      .min(1)
      .optional()
      .describe("File with the key instead, which may be replaced while the collector runs"),
    key_id: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,32}$/, "expected 1 to 32 letters, digits, dots, hyphens or underscores")
      .optional()
      .describe("Name of `key` in the output, so that hashes of two keys are told apart; derived from it by default"),
    reload_interval: positiveDuration().prefault("1m").describe("Time between two readings of `key_file`"),
  })
  .refine((config) => (config.key === undefined) !== (config.key_file === undefined), "needs either key or key_file")
  .refine((config) => config.key_file === undefined || config.key_id === undefined, {
    path: ["key_id"],
    error: "the name of a key from a file is derived from it, so that another key has another name",
  })
  .describe("The key for mode `hash`");

/** Settings of the processor `verification`. */
export const verificationConfig = z
  .strictObject({
    mode: z
      .enum(modes)
      .default("redact")
      .describe(
        "`detect` counts only; `redact` puts `[REDACTED:entity]` in its place; `mask` stars; `hash` a keyed hash; " +
          "`drop` drops the item, or all below a resource, scope or metric",
      ),
    sensitivity_level: z
      .enum(sensitivityLevels)
      .default("medium")
      .describe(
        "`low` finds secrets, cards, IBANs and national ids; `medium` e-mail addresses, telephone numbers and forms " +
          "without a checksum too; `high` IP and MAC addresses too",
      ),
    entities: z
      .record(entityName, z.enum(actions))
      .default({})
      .describe("What is done with one entity, where it is not `mode`"),
    fields: z.array(field).default([]).describe("What is done in certain places; the first that fits counts"),
    sensitive_keys: names()
      .default([])
      .describe("Names, beside the built-in ones, whose value is sensitive whatever it holds; `*` as in `fields`"),
    allow: z
      .array(allowed)
      .default([])
      .describe("What may leave although it looks sensitive; speaks of one finding and never of what is beside it"),
    custom_patterns: z
      .array(customPattern)
      .max(100)
      .default([])
      .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, "names one twice")
      .describe("Patterns of your own"),
    hash: hash.optional(),
    sql: z
      .strictObject({
        enabled: z.boolean().default(true).describe("Replace the constants of statements by `?` before anything else"),
        attributes: names()
          .default(["db.query.text", "db.statement", "query_text", "db.query"])
          .describe("Attributes that hold a statement"),
        cache_size: z
          .int()
          .positive()
          .max(1_000_000)
          .default(2000)
          .describe("Statements whose result is remembered by their digest"),
        ...sqlModeSettings,
      })
      .prefault({})
      .describe("Statements are made safe by their structure first"),
    plans: z
      .strictObject({
        enabled: z.boolean().default(true).describe("Replace the constants of plans by `?` before anything else"),
        attributes: names()
          .default([
            "plan_json",
            "db.query.plan",
            "postgresql.query_plan",
            "mysql.query_plan",
            "db.querylens.plan_text",
          ])
          .describe("Attributes that hold a plan"),
        cache_size: z
          .int()
          .positive()
          .max(100_000)
          .default(500)
          .describe("Plans whose result is remembered by their digest"),
      })
      .prefault({})
      .describe("Plans are made safe by their structure first"),
    verify_payload: z
      .boolean()
      .default(true)
      .describe(
        "Look at the encoded result once more in another way, here and before each exporter of the pipeline, and drop " +
          "items in which something is left",
      ),
    canaries: z
      .array(secret(z.string().min(8, "must have at least 8 characters")))
      .max(100)
      .default([])
      .describe("Planted values that must never pass: counted where they come in, and blocked where they would leave"),
    quality: qualityConfig.optional(),
  })
  .superRefine((config, refinement) => {
    const custom = config.custom_patterns.map(({ name }) => name);
    const known = new Set([...builtIn, ...custom]);
    const report = (path: (string | number)[], name: string) => {
      if (known.has(name)) return;
      refinement.addIssue({ code: "custom", path, message: `unknown entity "${name}"` });
    };
    for (const name of Object.keys(config.entities)) report(["entities", name], name);
    for (const list of ["fields", "allow"] as const) {
      config[list].forEach((rule, at) => {
        rule.entities?.forEach((name, index) => {
          report([list, at, "entities", index], name);
        });
      });
    }
    const used = [config.mode, ...Object.values(config.entities), ...config.fields.map(({ mode }) => mode)];
    if (used.includes("hash") && config.hash === undefined) {
      refinement.addIssue({
        code: "custom",
        path: ["hash"],
        message: "hashing needs a key: set hash.key or hash.key_file",
      });
    }
  });

export type VerificationConfig = z.output<typeof verificationConfig>;
