import { z } from "zod";

const percentage = /^(\d+(?:\.\d+)?)%$/;

/** The setting `budget`: what the collector may cost the server. */
export const budgetSettings = z
  .strictObject({
    max_database_share: z
      .string()
      .regex(percentage, 'expected a percentage, such as "0.5%"')
      .transform((text) => Number(percentage.exec(text)?.[1]) / 100)
      .refine((share) => share > 0, "must be more than 0%")
      .prefault("0.5%")
      .describe("Share of one core's time that the collector's statements may take; polls become rarer beyond it"),
  })
  .prefault({});
