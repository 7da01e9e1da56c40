import { interval } from "@dbintel/polling";
import { z } from "zod";

/** The setting `schema_collection`. */
export const schemaCollection = z.strictObject({
  collection_interval: interval("10m").describe("Time between two looks at the tables of a database"),
  max_tables: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(300)
    .describe("Tables of each database that are watched, those first that were made first"),
  statistics_interval: interval("4h").describe("Time between two looks at the statistics of columns"),
  max_columns: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(5000)
    .describe("Columns of each database whose statistics are told at one look, those of the largest tables first"),
});
