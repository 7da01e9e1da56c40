import type { Host } from "@dbintel/pipeline";
import type { z } from "zod";
import type { GuardedSource } from "../guarded-poll.ts";
import type { PollList } from "../server-watch.ts";
import type { Turn } from "../turn.ts";
import type { leaseSettings } from "./lease-settings.ts";
import { type LockDialect, SessionLock } from "./session-lock.ts";

/** Lets one of several collectors poll a server, where the configuration wants it. */
export function lead(args: {
  readonly host: Pick<Host, "random">;
  readonly watch: PollList;
  readonly endpoint: string;
  readonly settings: z.output<typeof leaseSettings>;
  /** How often a collector that stands by asks, where the settings do not say. */
  readonly intervalMs: number;
  /** The session that holds the lock, and whose turn it is there. */
  readonly server: { readonly connection: GuardedSource; readonly turn: Turn };
  /** The lock of this name. */
  readonly dialect: (name: string) => LockDialect;
}): void {
  const { host, watch, endpoint, settings, server, dialect } = args;
  const { enabled, interval: intervalMs = args.intervalMs, name } = settings;
  if (!enabled) return;
  const mark = Buffer.from(host.random.bytes(16)).toString("hex");
  const lock = new SessionLock({ dialect: dialect(name), endpoint, mark });
  watch.lead?.({ lock, source: server.connection, turn: server.turn, intervalMs });
}
