import { isAbsolute } from "node:path";
import { duration } from "@dbintel/config";
import { z } from "zod";

/** The settings of the extension `file_storage`: keys of the OpenTelemetry Collector's, as far as snapshots need them. */
export const fileStorageConfig = z.strictObject({
  directory: z
    .string()
    .refine(isAbsolute, { error: "expected an absolute path" })
    .default("/var/lib/otelcol/file_storage")
    .describe("Where the files are. One collector uses it at a time."),
  create_directory: z.boolean().default(true).describe("Make the directory where it is missing."),
  directory_permissions: z
    .string()
    .regex(/^0?[0-7]{3}$/, { error: 'expected permissions in octal, such as "0750"' })
    .default("0750")
    .describe("Permissions of a directory that is made. Files are readable by their owner only."),
  timeout: duration().prefault("1s").describe("How long to wait for another collector to leave the directory."),
  fsync: z
    .unknown()
    .optional()
    .describe("Accepted so that existing files load: every snapshot is on disk before it counts as saved."),
  compaction: z
    .unknown()
    .optional()
    .describe("Accepted so that existing files load: a snapshot replaces the one before, nothing piles up."),
});

export type FileStorageConfig = z.output<typeof fileStorageConfig>;
