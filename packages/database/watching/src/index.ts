export { breakerSettings, circuitBreaker } from "./breaker-settings.ts";
export { BreakerWatch } from "./breaker-watch.ts";
export type { GuardedSource } from "./guarded-poll.ts";
export { breakerGate, guardedPoll } from "./guarded-poll.ts";
export type { AdmittedPoll, StatementGuard } from "./statement-guard.ts";
export { StatementGuards } from "./statement-guard.ts";
export type { WatchedDatabase } from "./watched-database.ts";
