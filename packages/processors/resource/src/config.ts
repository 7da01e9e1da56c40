import { actionSchema } from "@dbintel/attribute-actions";
import { z } from "zod";

/** Settings of the processor `resource`; the OpenTelemetry Collector's keys. */
export const resourceConfig = z.strictObject({
  attributes: z.array(actionSchema).min(1).describe("Actions on the resource's attributes, carried out in this order"),
});

export type ResourceConfig = z.output<typeof resourceConfig>;
