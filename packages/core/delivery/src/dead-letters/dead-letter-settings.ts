import { age, byteSize, extensionId } from "@dbintel/config";
import { z } from "zod";

/**
 * Where what the destination will never take is kept, redacted, for a person to look at and to send again. Absent: it
 * is dropped. The OpenTelemetry Collector has no equivalent.
 */
export const deadLetterSettings = z.strictObject({
  storage: extensionId().describe(
    "Id of a storage extension, such as file_storage, that keeps what the destination will never take.",
  ),
  max_size: byteSize().prefault("64MiB").describe("Most that is kept, for all signals; the oldest leaves first."),
  max_age: age()
    .prefault("168h")
    .describe("What has not been seen again for longer is removed; 0 keeps it until there is no room."),
  tries: z
    .int()
    .positive()
    .default(5)
    .describe("Failures of a request between which others were taken, after which the fault is looked for within it."),
  isolation_requests: z
    .int()
    .nonnegative()
    .default(100)
    .describe("Most requests more that one request may cost while its bad records are looked for; 0 keeps it whole."),
});

export type DeadLetterSettings = z.output<typeof deadLetterSettings>;
