import { positiveDuration } from "@dbintel/config";
import { z } from "zod";

/** The setting `high_availability`: several collectors that watch one server, one of which polls. */
export const leaseSettings = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("Poll only while a lock on the watched server is held, so that of several collectors one polls"),
    interval: positiveDuration()
      .optional()
      .describe("How often a collector that stands by asks for the lock; by default collection_interval"),
    name: z
      .string()
      .min(1)
      .max(50)
      .default("default")
      .describe("Collectors with the same name take turns; others poll beside them"),
  })
  .prefault({});
