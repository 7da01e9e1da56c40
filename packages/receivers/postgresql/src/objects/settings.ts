import { interval } from "@dbintel/polling";
import { z } from "zod";

const most = (number: number) => z.number().int().min(1).max(10_000).default(number);

/** The setting `object_collection`. */
export const objectCollection = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether the receiver looks into each database for tables and indexes"),
  collection_interval: interval("60s").describe(
    "Time between two looks into a database; longer where one takes more than 1 % of the time, or databases are many",
  ),
  max_tables: most(100).describe(
    "Tables of each database with metrics of their own, half of them for size and half for activity; one row sums the rest",
  ),
  max_indexes: most(100).describe("Indexes of each database with metrics of their own"),
  max_functions: most(100).describe("Functions of each database with metrics of their own, those called most"),
});

export type ObjectCollection = z.output<typeof objectCollection>;
