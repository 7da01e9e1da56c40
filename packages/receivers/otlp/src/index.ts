export { otlp } from "./component.ts";
export type { HttpSettings, OtlpConfig } from "./config.ts";
