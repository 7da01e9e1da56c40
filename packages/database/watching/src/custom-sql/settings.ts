import { positiveDuration } from "@dbintel/config";
import { interval } from "@dbintel/polling";
import { z } from "zod";
import { parseVersionRange } from "./version-range.ts";

const mostQueries = 100;
const mostMetrics = 50;
const mostLabels = 20;

/** Names of metrics and attributes: what OpenTelemetry and New Relic take. */
const name = () => z.string().regex(/^[a-zA-Z][a-zA-Z0-9_./-]{0,254}$/, "expected a name of letters, digits, _ . / -");

const metric = z.strictObject({
  name: name().describe("Name of the metric"),
  column: z.string().min(1).describe("Column with its numbers"),
  type: z
    .enum(["gauge", "sum", "counter"])
    .default("gauge")
    .describe("gauge: what is now; sum: a total that may fall; counter: a total that only grows"),
  number: z.enum(["double", "int"]).default("double").describe("What its numbers are sent as"),
  unit: z.string().max(63).default("1").describe("Unit, as UCUM writes it"),
  description: z.string().max(1024).default("").describe("What it measures"),
});

/** The setting `custom_queries`. `objection` says why a statement is not one that only reads. */
export function customQueries(objection: (sql: string) => string | undefined) {
  const statement = () =>
    z
      .string()
      .max(100_000)
      .superRefine((sql, refinement) => {
        const reason = objection(sql);
        if (reason !== undefined) refinement.addIssue({ code: "custom", message: reason });
      });
  const query = z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-zA-Z][a-zA-Z0-9_.-]{0,62}$/, "expected a name of letters, digits, _ . -")
        .describe("Names the query in problems and to the circuit breaker"),
      sql: statement().optional().describe("One statement that reads: SELECT, WITH or SHOW"),
      versions: z
        .record(z.string(), statement())
        .superRefine((versions, refinement) => {
          for (const range of Object.keys(versions)) {
            if (parseVersionRange(range) !== undefined) continue;
            refinement.addIssue({ code: "custom", path: [range], message: 'expected a range such as ">=14 <17"' });
          }
        })
        .optional()
        .describe("Statements by ranges of the server's version, in place of sql; the first that fits is run"),
      interval: interval("60s").describe("Time from one run to the next"),
      databases: z
        .array(z.string().min(1))
        .max(100)
        .default([])
        .describe("Databases that it is run in, one after the other; empty for the one that the receiver connects to"),
      metrics: z.array(metric).min(1).max(mostMetrics).describe("What is made of each row"),
      labels: z
        .record(name(), z.string().min(1))
        .refine((labels) => Object.keys(labels).length <= mostLabels, `at most ${mostLabels}`)
        .default({})
        .describe("Attributes of the data points: column by attribute"),
      max_rows: z.number().int().min(1).max(10_000).default(100).describe("Rows that are read; a problem says of more"),
      timeout: positiveDuration()
        .prefault("5s")
        .describe("The server gives up the statement after this; statement_timeout is never passed"),
      max_cost: z
        .number()
        .min(0)
        .default(100_000)
        .describe("A statement that the server's optimizer thinks costlier is not run; 0 for no limit"),
    })
    .superRefine(({ sql, versions, metrics }, refinement) => {
      const wrong = (path: string[], message: string) => refinement.addIssue({ code: "custom", path, message });
      if ((sql === undefined) === (versions === undefined)) wrong(["sql"], "give either sql or versions");
      const names = metrics.map((each) => each.name);
      const twice = names.find((each, at) => names.indexOf(each) < at);
      if (twice !== undefined) wrong(["metrics"], `${twice} is named twice`);
    });
  return z
    .array(query)
    .max(mostQueries)
    .default([])
    .superRefine((queries, refinement) => {
      queries.forEach(({ name: own }, at) => {
        if (queries.findIndex((each) => each.name === own) === at) return;
        refinement.addIssue({ code: "custom", path: [at, "name"], message: `${own} is named twice` });
      });
    });
}

/** One of the queries, checked. */
export type CustomQuery = z.output<ReturnType<typeof customQueries>>[number];
