import { byteSize, duration, hostPort, unsupported } from "@dbintel/config";
import { z } from "zod";
import { senderLimits } from "../sender-limits.ts";

const path = (signal: string) =>
  z
    .string()
    .regex(/^\/[^?#]*$/, { error: 'expected a path that begins with "/"' })
    .default(`/v1/${signal}`)
    .describe(`Path that takes ${signal}.`);

/** The setting `protocols.http`. */
export const httpSettings = z
  .strictObject({
    endpoint: hostPort()
      .prefault("localhost:4318")
      .describe("Address to listen on. localhost means 127.0.0.1; an empty host means every address."),
    logs_url_path: path("logs"),
    metrics_url_path: path("metrics"),
    traces_url_path: path("traces"),
    max_request_body_size: byteSize()
      .refine((bytes) => bytes > 0, { error: "must be larger than 0" })
      .prefault("64MiB")
      .describe("Largest body of a request, before and after decompression; a larger one is answered 413."),
    ...senderLimits({ requests: "Requests", busy: "503", mostRequests: 1000 }),
    read_header_timeout: duration()
      .prefault("10s")
      .describe("A connection that has not sent its request's headers by then is closed; 0s waits for ever."),
    read_timeout: duration()
      .prefault("60s")
      .describe("A request whose body has not come by then is answered 503; 0s waits for ever."),
    idle_timeout: duration()
      .prefault("60s")
      .describe("A connection is closed after this long without a request; 0s keeps it."),
    compression_algorithms: unsupported("gzip, deflate and zstd are always accepted; remove the key"),
    cors: unsupported("browsers cannot send to this receiver; put a proxy that answers CORS in front"),
    keep_alives_enabled: unsupported("connections are kept open; set idle_timeout"),
    middlewares: unsupported("remove the key"),
    response_headers: unsupported("answers carry the headers of OTLP alone; remove the key"),
    write_timeout: unsupported("an answer waits as long as the pipeline does; set the exporter's timeout"),
  })
  .refine((config) => config.max_bytes_in_flight >= config.max_request_body_size, {
    error: "max_bytes_in_flight must be at least max_request_body_size",
    path: ["max_bytes_in_flight"],
  });

export type HttpSettings = z.output<typeof httpSettings>;
