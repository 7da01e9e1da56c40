import { interval } from "@dbintel/polling";
import { z } from "zod";

const most = (standard: number) => z.number().int().min(1).max(10_000).default(standard);

/** The setting `object_collection`. */
export const objectCollection = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether the receiver tells what tables and indexes are used for"),
  collection_interval: interval("60s").describe("Time between two looks at what tables and indexes are used for"),
  max_tables: most(100).describe(
    "Tables with metrics of their own, half of them for all time and half for recent activity; one row sums the rest",
  ),
  max_indexes: most(100).describe("Indexes with metrics of their own, chosen like tables"),
  size_interval: interval("10m").describe(
    "Time between two looks at the sizes of tables; longer where one takes more than 1 % of the time",
  ),
  max_sized_tables: z
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(5000)
    .describe("With more tables than this their sizes are not asked for: the server opens each one; 0 for never"),
});

export type ObjectCollection = z.output<typeof objectCollection>;
