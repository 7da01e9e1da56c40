import { exactInteger } from "@dbintel/polling";
import { z } from "zod";

const session = z.object({
  identity: z.string(),
  /** Polls since the last report. */
  silent: z.number(),
  /** Polls from the last report to the next while nothing changes. */
  gap: z.number(),
  lock: z.string().optional(),
  waitingSinceMicros: exactInteger.optional(),
});
export type RememberedSession = Readonly<z.output<typeof session>>;
/** By the ids of the sessions. */
export type RememberedSessions = ReadonlyMap<string, RememberedSession>;

/** What one look at the sessions is compared with at the next, as it is kept over a restart. */
export const rememberedLook = z.object({
  sessions: z.codec(
    z.array(z.tuple([z.string(), session])),
    z.custom<RememberedSessions>((value) => value instanceof Map),
    { decode: (entries) => new Map(entries), encode: (sessions) => [...sessions] },
  ),
  /** What lasts and was told, by its identity. */
  told: z.codec(
    z.array(z.string()),
    z.custom<ReadonlySet<string>>((value) => value instanceof Set),
    { decode: (identities) => new Set(identities), encode: (told) => [...told] },
  ),
});
