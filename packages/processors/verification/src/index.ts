export { verification } from "./component.ts";
export type { VerificationConfig } from "./config.ts";
