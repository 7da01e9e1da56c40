export { AdaptiveTimeout } from "./adaptive-timeout.ts";
export type {
  Admission,
  BreakerMode,
  BreakerOptions,
  BreakerSnapshot,
  BreakerState,
  ChangeCause,
  Permit,
  ProbeStage,
  Refusal,
  StateChange,
  TripCause,
} from "./breaker.ts";
export { Breaker, breakerModes } from "./breaker.ts";
export type { Calls } from "./call-window.ts";
export type { ErrorClass } from "./error-class.ts";
export { classifyError } from "./error-class.ts";
export type {
  BreakerEvent,
  BreakerName,
  BreakerView,
  DatabaseAdmission,
  DatabasePermit,
  DatabaseSnapshot,
} from "./guarded-database.ts";
export { GuardedDatabase } from "./guarded-database.ts";
export type { BreakerRegistryOptions } from "./registry.ts";
export { BreakerRegistry, breakers } from "./registry.ts";
export type { BreakerSettings } from "./settings.ts";
export { defaultBreakerSettings } from "./settings.ts";
