import { isAbsolute } from "node:path";
import { duration, hostPort } from "@dbintel/config";
import { authSettings } from "@dbintel/pipeline";
import { isLoopback, serverTlsSettings } from "@dbintel/pipeline/listen";
import { z } from "zod";

const tap = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether records can be looked at."),
    records_per_second: z.int().min(1).max(1000).default(20).describe("The most records that one session is shown."),
    max_sessions: z.int().min(1).max(20).default(2).describe("Sessions at the same time; a further one gets 429."),
    max_duration: duration().prefault("5m").describe("When a session ends by itself."),
  })
  .prefault({})
  .describe("Live records at an edge, verified for personal data again.");

/** The settings of the extension `admin`. */
export const adminConfig = z
  .strictObject({
    endpoint: hostPort().prefault("localhost:55680").describe("Address to listen on. localhost means 127.0.0.1."),
    auth: authSettings.optional(),
    tls: serverTlsSettings.optional(),
    readiness: z
      .strictObject({
        require_data: z.boolean().default(false).describe("Not ready before a receiver has taken in something."),
      })
      .prefault({})
      .describe("When /-/ready answers 200."),
    tap,
    audit: z
      .strictObject({
        file: z
          .string()
          .refine(isAbsolute, { error: "expected an absolute path" })
          .optional()
          .describe("JSON lines are appended to it, beside the line in the log; where that fails nothing is changed."),
      })
      .prefault({})
      .describe("Who changed what, when, and what came of it."),
  })
  .superRefine(({ endpoint, auth, tls: encrypted }, context) => {
    if (isLoopback(endpoint)) return;
    const missing = [auth === undefined ? "auth" : "", encrypted === undefined ? "tls" : ""].filter(
      (key) => key !== "",
    );
    for (const key of missing) {
      const message = `${key} is needed where other machines can reach the endpoint; or bind it to localhost`;
      context.addIssue({ code: "custom", path: [key], message });
    }
  });

export type AdminConfig = z.output<typeof adminConfig>;
