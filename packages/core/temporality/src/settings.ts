import { positiveDuration, unsupported } from "@dbintel/config";
import { z } from "zod";

/** A key of the OpenTelemetry Collector that the processors' `condition` takes the place of. */
function replaced(expression: string) {
  return unsupported(`write condition: ${expression}`);
}

/** The settings that both directions have. */
export function conversionSettings() {
  return {
    max_streams: z
      .int()
      .positive()
      .default(100_000)
      .describe("Series that are followed; one more displaces the one that was silent longest"),
    include: replaced('metric.name.startsWith("mysql.")'),
    exclude: replaced('!metric.name.startsWith("mysql.")'),
  };
}

/** How long a series may be silent and still go on where it was. */
export function silence(defaultText: string, what: string) {
  return positiveDuration().prefault(defaultText).describe(what);
}
