import { byteSize } from "@dbintel/config";
import { interval } from "@dbintel/polling";
import { z } from "zod";

/** A slice of a log has to fit. */
const fewestBytes = 65_536;

/** The setting `log_collection`. */
export const logCollection = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe("Read the server's log; by default where the server writes it to a file and the user may read that"),
  collection_interval: interval("10s").describe("Time between two looks at the log"),
  path: z
    .string()
    .min(1)
    .optional()
    .describe("File or folder of the log on the collector's own machine; by default it is read through the server"),
  max_bytes_per_interval: byteSize()
    .refine((size) => size >= fewestBytes, "must be at least 64 KiB")
    .prefault("1MiB")
    .describe("What one look reads at most; a log that grows faster is read in parts, and what is left out is counted"),
});
