import { z } from "zod";

/** The forward connector has no settings. */
export const forwardConfig = z.strictObject({});
