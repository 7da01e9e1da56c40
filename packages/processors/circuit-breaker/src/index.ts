export { circuitBreaker } from "./component.ts";
export type { CircuitBreakerConfig } from "./config.ts";
