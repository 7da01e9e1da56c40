import { z } from "zod";

/** A setting of the OpenTelemetry Collector that is accepted, so that its configuration loads, and does nothing. */
export function withoutEffect(reason: string) {
  return z.unknown().optional().describe(`Without effect: ${reason}`);
}

/** A setting of another collector that has no counterpart here: refused where it stands, with what to do `instead`. */
export function unsupported(instead: string) {
  return z
    .never({ error: `not supported: ${instead}` })
    .optional()
    .meta({ description: `Not supported: ${instead}.`, deprecated: true });
}
