import { interval } from "@dbintel/polling";
import { z } from "zod";

/** The setting `consumers`. */
export const consumerSettings = z.strictObject({
  enable: z
    .boolean()
    .default(false)
    .describe("Turn on what the receiver needs of performance_schema, and again when the server has been restarted"),
  check_interval: interval("60s").describe("Time between two looks at what is on"),
});
