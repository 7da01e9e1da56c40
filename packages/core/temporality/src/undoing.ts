import { isConsumeError } from "@dbintel/errors";
import type { Undo } from "./conversion.ts";

/**
 * Passes a converted batch on. When it is refused, `undo` takes back what was remembered of it, so that it is converted
 * in the same way when it comes again; of what was taken in part nothing comes again.
 */
export async function undoneOnRefusal(undo: Undo | undefined, pass: () => Promise<void> | undefined): Promise<void> {
  try {
    await pass();
  } catch (error) {
    if (!isConsumeError(error) || error.kind !== "partial") undo?.();
    throw error;
  }
}
