import { byteSize } from "@dbintel/config";
import { authSettings } from "@dbintel/pipeline";
import { serverTlsSettings } from "@dbintel/pipeline/listen";
import { z } from "zod";

const count = () => z.number().int().positive();

/** The settings that both protocols have: how much senders may have under way, and who they may be. */
export function senderLimits(protocol: {
  /** What the protocol calls one request, and how it answers one too many. */
  readonly requests: string;
  readonly busy: string;
  readonly mostRequests: number;
}) {
  const { requests, busy, mostRequests } = protocol;
  return {
    max_concurrent_requests: count()
      .default(mostRequests)
      .describe(`${requests} that may be under way at a time on all connections; more are answered ${busy}.`),
    max_bytes_in_flight: byteSize()
      .prefault("256MiB")
      .describe(`Bytes of messages that may be in memory at a time; what needs more is answered ${busy}.`),
    max_connections: count().default(2000).describe("Connections that may be open at a time; more are closed at once."),
    include_metadata: z
      .boolean()
      .default(false)
      .describe("Accepted so that existing files load; client metadata is not kept, and true is warned about."),
    tls: serverTlsSettings.optional(),
    auth: authSettings.optional(),
  };
}
