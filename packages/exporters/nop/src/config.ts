import { z } from "zod";

/** The nop exporter has no settings. */
export const nopConfig = z.strictObject({});
