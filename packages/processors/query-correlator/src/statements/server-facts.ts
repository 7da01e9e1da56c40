import { z } from "zod";
import type { StatementPlace } from "./by-statement.ts";
import type { PlanSeen } from "./plan.ts";

const load = z.strictObject({
  share: z.number(),
  sessions: z.number().optional(),
  category: z.string().optional(),
  performance: z.string().optional(),
  atMs: z.number(),
});

const plan = z.strictObject({
  hash: z.string(),
  scans: z.boolean().optional(),
  atMs: z.number(),
  /** The plan before, and since when it is another. */
  before: z.strictObject({ hash: z.string(), untilMs: z.number() }).optional(),
});

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
export class ServerFacts {
  /** The server by the name that its receiver gives it. */
  readonly server: string;
  load: Readonly<z.output<typeof load>> | undefined;
  plan: Readonly<z.output<typeof plan>> | undefined;

  constructor({ server }: StatementPlace) {
    this.server = server;
  }

  planned({ hash, scans }: PlanSeen, atMs: number): void {
    const before = this.plan;
    const changed = before !== undefined && before.hash !== hash;
    this.plan = { hash, scans, atMs, before: changed ? { hash: before.hash, untilMs: atMs } : before?.before };
  }
}
