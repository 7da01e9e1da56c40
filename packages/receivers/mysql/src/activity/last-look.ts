import { exactInteger } from "@dbintel/polling";
import { rememberedLook } from "@dbintel/watching";
import { z } from "zod";

/** What a look at the sessions is compared with at the next, as it is kept over a restart. */
export const lastLook = rememberedLook.extend({
  moment: z.object({
    micros: exactInteger,
    /** Which session of the receiver asked: one of another process is none of ours. */
    session: z.codec(z.null(), z.number().optional(), { decode: () => undefined, encode: () => null }),
  }),
  life: z.object({ startSeconds: exactInteger }),
  mark: z
    .object({
      timer: exactInteger,
      seen: z.codec(
        z.array(z.string()),
        z.custom<ReadonlySet<string>>((value) => value instanceof Set),
        { decode: (names) => new Set(names), encode: (seen) => [...seen] },
      ),
    })
    .optional(),
  /** Now by the timer of waits. */
  waitTimer: exactInteger.optional(),
});
/** What was known at the last look whose events have left. */
export type LastLook = z.output<typeof lastLook>;
