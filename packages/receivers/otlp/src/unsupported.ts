import { z } from "zod";

/** A key of the OpenTelemetry Collector's that has no counterpart here, refused where it stands. */
export function unsupported(instead: string) {
  return z.never({ error: `not supported: ${instead}` }).optional();
}
