export { otlp } from "./component.ts";
export type { OtlpConfig } from "./config.ts";
