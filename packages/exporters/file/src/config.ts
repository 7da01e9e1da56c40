import { duration } from "@dbintel/config";
import { z } from "zod";

const rotation = z
  .strictObject({
    max_megabytes: z
      .number()
      .positive()
      .default(100)
      .describe("A new file begins before one would pass this size, in MiB (2^20 bytes)."),
    max_days: z.int().positive().optional().describe("Older backups are deleted; by default none is for its age."),
    max_backups: z.int().nonnegative().default(100).describe("The newest backups are kept, this many; 0 keeps all."),
    localtime: z
      .literal(false, { error: "names of backups are in UTC: remove `localtime`" })
      .default(false)
      .describe("Names of backups are always in UTC."),
  })
  .optional();

/** The settings of `file`: keys and defaults of the OpenTelemetry Collector's file exporter, without compression and groups. */
export const fileConfig = z.strictObject({
  path: z.string().min(1).describe("The file to write. Never a symbolic link; created with mode 0600."),
  format: z
    .enum(["json", "proto"])
    .default("json")
    .describe("json: an OTLP/JSON request on each line. proto: 4 bytes of big-endian length, then an OTLP request."),
  append: z
    .boolean()
    .default(false)
    .describe("Continue a file that exists; otherwise it is emptied at the start. With rotation always continued."),
  create_directory: z.boolean().default(false).describe("Create the directory of `path`, with mode 0700, if missing."),
  rotation: rotation.describe("Set files aside by size; `{}` takes the defaults, absent never rotates."),
  flush_interval: duration()
    .prefault("1s")
    .describe("Accepted for compatibility, without effect: nothing is buffered."),
});

export type FileConfig = z.output<typeof fileConfig>;
