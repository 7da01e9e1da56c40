import { exactInteger } from "@dbintel/polling";
import { z } from "zod";
import type { KnownStates } from "./replication-events.ts";
import type { CaughtUp } from "./staleness.ts";

const state = z.object({ state: z.string(), shown: z.string() });
const states = z.array(z.tuple([z.string(), state]));
const caughtUp = z.array(z.tuple([z.string(), exactInteger]));

/** What a look at replication is compared with at the next, as it is kept over a restart. */
export const lastLook = z.object({
  states: z.codec(
    states,
    z.custom<KnownStates>((value) => value instanceof Map),
    { decode: (known) => new Map(known), encode: (known) => [...known] },
  ),
  caughtUp: z.codec(
    caughtUp,
    z.custom<CaughtUp>((value) => value instanceof Map),
    { decode: (seen) => new Map(seen), encode: (seen) => [...seen] },
  ),
});
export type LastLook = z.output<typeof lastLook>;
