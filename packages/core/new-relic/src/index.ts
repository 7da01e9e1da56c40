export { renamePrefix, reservedNames } from "./attribute-rules.ts";
export type { Breach, BreachAction, BreachCode } from "./breach.ts";
export { breachCodes, breaches } from "./breach.ts";
export type { ContractOptions } from "./contract.ts";
export { Contract } from "./contract.ts";
export type { ContractLimits } from "./limits.ts";
export { documentedLimits } from "./limits.ts";
