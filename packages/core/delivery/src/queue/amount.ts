import { parseByteSize } from "@dbintel/config";
import { z } from "zod";

/** A number without a unit, or a text with a unit of bytes; which of them decides the default of a `sizer`. */
export type Amount = Readonly<{ value: number; bytes: boolean }>;

const message = 'expected a whole number, or a size with a unit such as "64MiB"';

/** A setting that is a count or a size in bytes. */
export function amount() {
  return z
    .union([z.int().nonnegative(), z.string()], { error: message })
    .transform((input, context): Amount => {
      if (typeof input === "number") return { value: input, bytes: false };
      const value = parseByteSize(input.trim());
      if (value !== undefined) return { value, bytes: !/^\d+$/.test(input.trim()) };
      context.issues.push({ code: "custom", input, message });
      return z.NEVER;
    })
    .meta({ title: "count or size" });
}

/** Reports an amount in bytes where `sizer` counts something else. */
export function checkUnit(
  given: Amount | undefined,
  sizer: string,
  path: readonly string[],
  context: z.core.$RefinementCtx,
): void {
  if (given === undefined || !given.bytes || sizer === "bytes") return;
  context.addIssue({ code: "custom", path: [...path], message: `has a unit of bytes, but sizer is "${sizer}"` });
}
