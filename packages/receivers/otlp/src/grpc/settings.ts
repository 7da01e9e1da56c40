import { duration, hostPort, unsupported, withoutEffect } from "@dbintel/config";
import { z } from "zod";
import { senderLimits } from "../sender-limits.ts";

const keepalive = z.strictObject({
  server_parameters: z
    .strictObject({
      max_connection_idle: duration()
        .prefault("5m")
        .describe("A connection is closed after this long without a call; 0s keeps it."),
      max_connection_age: duration()
        .prefault("0s")
        .describe("A connection is closed at this age, so that senders spread over servers again; 0s keeps it."),
      max_connection_age_grace: duration()
        .prefault("30s")
        .describe("How long calls may go on at that age; 0s waits for ever."),
      time: duration().prefault("2h").describe("A silent connection is asked for a sign of life after this long."),
      timeout: duration().prefault("20s").describe("It is closed when there is none within this long."),
    })
    .prefault({})
    .describe("How connections are kept and left."),
  enforcement_policy: unsupported("pings of senders are answered at any rate; remove the key"),
});

/** The setting `protocols.grpc`. The OpenTelemetry Collector's limits are the same where it has any. */
export const grpcSettings = z.strictObject({
  endpoint: hostPort()
    .prefault("localhost:4317")
    .describe("Address to listen on. localhost means 127.0.0.1; an empty host means every address."),
  transport: z.enum(["tcp"]).default("tcp").describe("Kind of socket."),
  max_recv_msg_size_mib: z
    .number()
    .int()
    .positive()
    .max(1024)
    .default(4)
    .describe("Largest message in MiB, before and after decompression; a larger one is answered RESOURCE_EXHAUSTED."),
  max_concurrent_streams: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe("Calls that may be under way at a time on one connection; a sender waits with more."),
  ...senderLimits({ requests: "Calls", busy: "UNAVAILABLE", mostRequests: 100 }),
  keepalive: keepalive.prefault({}).describe("How long connections live."),
  read_buffer_size: withoutEffect("buffers are Node's"),
  write_buffer_size: withoutEffect("buffers are Node's"),
  middlewares: unsupported("remove the key"),
});

export type GrpcSettings = z.output<typeof grpcSettings>;
