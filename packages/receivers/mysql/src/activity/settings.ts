import { interval } from "@dbintel/polling";
import { z } from "zod";

/** The setting `deadlocks`. */
export const deadlockSettings = z.strictObject({
  enabled: z.boolean().default(true).describe("Tell of each deadlock, once; needs PROCESS"),
  collection_interval: interval("10s").describe("Time between two looks at whether there was another one"),
});
