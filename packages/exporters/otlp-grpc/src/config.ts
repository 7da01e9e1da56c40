import { duration, headers, withoutEffect } from "@dbintel/config";
import { checkDelivery, clientTlsSettings, deliverySettings } from "@dbintel/delivery";
import { authSettings } from "@dbintel/pipeline";
import { z } from "zod";
import { parseTarget } from "./target.ts";

/** gRPC sends these itself, or refuses them. */
const ownMetadata = /^(?:grpc-.*|:.*|content-type|te|user-agent)$/i;

const metadata = headers()
  .superRefine((values, context) => {
    for (const name of Object.keys(values)) {
      if (ownMetadata.test(name)) context.addIssue({ code: "custom", path: [name], message: "is set by the exporter" });
      else if (/-bin$/i.test(name)) {
        context.addIssue({ code: "custom", path: [name], message: "names binary metadata, which is not supported" });
      }
    }
  })
  .prefault({});

const keepalive = z
  .strictObject({
    time: duration()
      .prefault("0s")
      .describe("A silent connection is asked for a sign of life after this long; 0s never."),
    timeout: duration().prefault("20s").describe("It is closed when there is none within this long."),
    permit_without_stream: z.boolean().default(false).describe("Ask while no call is under way, too."),
  })
  .prefault({});

/** The settings of `otlp_grpc`: the OpenTelemetry Collector's keys and defaults. */
export const otlpGrpcConfig = z
  .strictObject({
    endpoint: z
      .string()
      .superRefine((text, context) => {
        const target = parseTarget(text);
        if ("problem" in target) context.addIssue({ code: "custom", message: target.problem });
      })
      .describe("host:port of the server; http:// before it means without TLS, https:// with TLS."),
    headers: metadata.describe("Sent with each call as metadata; the values are secret."),
    auth: authSettings.optional(),
    compression: z.enum(["gzip", "none"]).default("gzip").describe("How messages are compressed."),
    tls: clientTlsSettings({
      insecure: "Connect without TLS; the scheme of the endpoint, where it has one, decides.",
    }).describe("Encryption of the connection; certificates are verified unless told otherwise."),
    keepalive: keepalive.describe("Signs of life of a connection."),
    balancer_name: z
      .enum(["round_robin", "pick_first"])
      .default("round_robin")
      .describe("How calls are spread over the addresses of the host."),
    authority: z.string().min(1).optional().describe("Name of the server in each call, instead of the endpoint's."),
    wait_for_ready: withoutEffect("a call that finds no server is tried again"),
    read_buffer_size: withoutEffect("buffers are Node's"),
    write_buffer_size: withoutEffect("buffers are Node's"),
    ...deliverySettings({ timeout: "5s" }),
  })
  .superRefine(checkDelivery);

export type OtlpGrpcConfig = z.output<typeof otlpGrpcConfig>;
