import { byteSize, duration, hostPort } from "@dbintel/config";
import { z } from "zod";

const path = (signal: string) =>
  z
    .string()
    .regex(/^\/[^?#]*$/, { error: 'expected a path that begins with "/"' })
    .default(`/v1/${signal}`)
    .describe(`Path that takes ${signal}.`);

/** A key of the OpenTelemetry Collector's that has no counterpart here, refused where it stands. */
const unsupported = (instead: string) => z.never({ error: `not supported: ${instead}` }).optional();

const tlsSettings = z
  .strictObject({
    cert_file: z.string().describe("PEM file with the certificate and its chain."),
    key_file: z.string().describe("PEM file with the private key."),
    client_ca_file: z
      .string()
      .optional()
      .describe("PEM file with the authorities whose client certificates are required; absent asks for none."),
    min_version: z.enum(["1.2", "1.3"]).default("1.2").describe("Oldest TLS version that is accepted."),
  })
  .describe("Serve HTTPS. Absent means plain HTTP.");

const httpSettings = z
  .strictObject({
    endpoint: hostPort()
      .prefault("localhost:4318")
      .describe("Address to listen on. localhost means 127.0.0.1; an empty host means every address."),
    logs_url_path: path("logs"),
    metrics_url_path: path("metrics"),
    traces_url_path: path("traces"),
    max_request_body_size: byteSize()
      .refine((bytes) => bytes > 0, { error: "max_request_body_size must be larger than 0" })
      .prefault("64MiB")
      .describe("Largest body of a request, before and after decompression; a larger one is answered 413."),
    max_concurrent_requests: z
      .number()
      .int()
      .positive()
      .default(1000)
      .describe("Requests that may be under way at a time; more are answered 503."),
    max_bytes_in_flight: byteSize()
      .prefault("256MiB")
      .describe("Bytes of bodies that may be in memory at a time; a request that needs more is answered 503."),
    max_connections: z
      .number()
      .int()
      .positive()
      .default(2000)
      .describe("Connections that may be open at a time; more are closed at once."),
    read_header_timeout: duration()
      .prefault("10s")
      .describe("A connection that has not sent its request's headers by then is closed; 0s waits for ever."),
    read_timeout: duration()
      .prefault("60s")
      .describe("A request whose body has not come by then is answered 503; 0s waits for ever."),
    idle_timeout: duration()
      .prefault("60s")
      .describe("A connection is closed after this long without a request; 0s keeps it."),
    include_metadata: z
      .boolean()
      .default(false)
      .describe("Accepted so that existing files load; client metadata is not kept, and true is warned about."),
    tls: tlsSettings.optional(),
    auth: unsupported("there is no authenticator yet; use tls.client_ca_file, or a proxy in front"),
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
export type TlsSettings = z.output<typeof tlsSettings>;

const onlyGrpc =
  "OTLP over gRPC is not available yet: configure protocols.http and let the senders use OTLP/HTTP (port 4318)";

/** The settings of the receiver `otlp`: keys of the OpenTelemetry Collector, limits on by default. */
export const otlpConfig = z.strictObject({
  protocols: z
    .strictObject({
      http: httpSettings
        .nullable()
        // `http:` without a body means on with defaults, as in the OpenTelemetry Collector.
        .transform((settings) => settings ?? httpSettings.parse({}))
        .optional()
        .describe("OTLP over HTTP. Off unless the key is there; a key without a body means all defaults."),
      grpc: z
        .unknown()
        .optional()
        .describe("OTLP over gRPC is not available yet: beside http it is warned about, alone it is an error."),
    })
    .superRefine((protocols, context) => {
      if (protocols.http !== undefined) return;
      if ("grpc" in protocols) context.addIssue({ code: "custom", message: onlyGrpc, path: ["grpc"] });
      else context.addIssue({ code: "custom", message: "name a protocol: http", path: [] });
    })
    .describe("What to listen for."),
});

export type OtlpConfig = z.output<typeof otlpConfig>;
