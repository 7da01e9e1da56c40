import { planMemorySettings } from "@dbintel/watching";
import { z } from "zod";

/** How the setting `top_query_collection` has plans asked for. */
export const planSettings = {
  max_explain_each_interval: z
    .number()
    .int()
    .min(0)
    .default(20)
    .describe("Plans asked for at each reading at most; 0 for none"),
  ...planMemorySettings,
  explain_mode: z
    .enum(["inline", "procedure"])
    .default("inline")
    .describe("Whether the collector's user explains, or a procedure of each schema with the rights of who made it"),
  explain_procedure: z
    .string()
    .regex(/^\w{1,64}$/, "expected the name of a procedure without its schema")
    .default("explain_statement")
    .describe("The procedure: takes the statement, answers with one row of EXPLAIN FORMAT=JSON"),
  explain_format: z
    .enum(["json", "json_v1", "tree"])
    .default("json")
    .describe("json is version 2 on MySQL 8.3 and later, version 1 before; MariaDB has one JSON of its own"),
};
