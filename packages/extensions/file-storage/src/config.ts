import { isAbsolute } from "node:path";
import { duration, secret } from "@dbintel/config";
import { z } from "zod";

/** 32 bytes, in hexadecimal digits or in base64. */
const key = z.string().regex(/^(?:[0-9a-fA-F]{64}|[0-9A-Za-z+/]{43}=)$/, {
  error: "expected 32 bytes as 64 hexadecimal digits or in base64, such as `openssl rand -base64 32` prints",
});

/** The settings of the extension `file_storage`: those of the OpenTelemetry Collector, and encryption. */
export const fileStorageConfig = z.strictObject({
  directory: z
    .string()
    .refine(isAbsolute, { error: "expected an absolute path" })
    .optional()
    .describe(
      "Where the files are; one collector uses it at a time. Default: $STATE_DIRECTORY of systemd, /var/lib/dbintel for root, else $XDG_STATE_HOME/dbintel or ~/.local/state/dbintel.",
    ),
  create_directory: z.boolean().default(true).describe("Make the directory where it is missing."),
  directory_permissions: z
    .string()
    .regex(/^0?[0-7]{3}$/, { error: 'expected permissions in octal, such as "0750"' })
    .default("0700")
    .describe("Permissions of a directory that is made. Files are readable by their owner only."),
  encryption: z
    .strictObject({
      keys: z
        .array(secret(key))
        .min(1)
        .describe("Keys of 32 bytes in hexadecimal digits or base64: the first encrypts, all of them decrypt."),
    })
    .optional()
    .describe("Encrypts what queues hold on disk (AES-256-GCM). Snapshots hold no telemetry and are not encrypted."),
  timeout: duration().prefault("1s").describe("How long to wait for another collector to leave the directory."),
  fsync: z
    .unknown()
    .optional()
    .describe("Accepted so that existing files load: everything is on disk before it counts as kept."),
  compaction: z
    .unknown()
    .optional()
    .describe("Accepted so that existing files load: what was sent gives its space back by itself."),
});

export type FileStorageConfig = z.output<typeof fileStorageConfig>;
