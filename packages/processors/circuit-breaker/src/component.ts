import { defineProcessor } from "@dbintel/pipeline";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { circuitBreakerConfig } from "./config.ts";

/** The processor `circuit_breaker`: keeps a database that floods, is sick or exceeds its account from harming others. */
export const circuitBreaker = defineProcessor({
  type: "circuit_breaker",
  aliases: ["circuitbreaker"],
  description: "Holds each database to its share, spares sick databases and limited accounts, and says so.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: circuitBreakerConfig,
  create: (args) => new CircuitBreaker(args),
});
