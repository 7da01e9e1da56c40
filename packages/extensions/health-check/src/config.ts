import { hostPort } from "@dbintel/config";
import { z } from "zod";

const path = (fallback: string) =>
  z
    .string()
    .regex(/^\/[^?#]*$/, { error: 'expected a path that begins with "/"' })
    .default(fallback);

/** The settings of the extension `health_check`: keys and defaults of the OpenTelemetry Collector's. */
export const healthCheckConfig = z.strictObject({
  endpoint: hostPort().prefault("localhost:13133").describe("Address to listen on. localhost means 127.0.0.1."),
  path: path("/").describe("Path that answers 200 when the collector is ready and 503 when it is not."),
  response_body: z
    .strictObject({
      healthy: z.string().default("").describe("Body of a 200; empty means the JSON object with status and uptime."),
      unhealthy: z.string().default("").describe("Body of a 503; empty means the JSON object with the status."),
    })
    .prefault({})
    .describe("Bodies to answer in place of the JSON object."),
  status: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether the state of each component is served."),
      path: path("/status").describe("Path that answers with the state of each component."),
    })
    .prefault({})
    .describe("The state of each component, as the OpenTelemetry Collector's healthcheckv2 extension serves it."),
  check_collector_pipeline: z
    .unknown()
    .optional()
    .describe("Accepted so that existing files load; it has no effect there either. Use status."),
});

export type HealthCheckConfig = z.output<typeof healthCheckConfig>;
