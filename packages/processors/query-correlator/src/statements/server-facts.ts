import { z } from "zod";

const load = z.strictObject({
  share: z.number(),
  sessions: z.number().optional(),
  category: z.string(),
  performance: z.string().optional(),
  atMs: z.number(),
});

const plan = z.strictObject({ hash: z.string(), atMs: z.number() });

/** What {@link ServerFacts} are saved as. */
export const savedServerFacts = z.array(
  z.strictObject({
    server: z.string(),
    database: z.string(),
    fingerprint: z.string(),
    load: load.optional(),
    plan: plan.optional(),
  }),
);

/** What a statement is to its database, as the database's receiver told it last. */
export interface ServerFacts {
  load: Readonly<z.output<typeof load>> | undefined;
  plan: Readonly<z.output<typeof plan>> | undefined;
}
