export type { OtlpHttpConfig } from "./config.ts";
export { otlpHttpConfig } from "./config.ts";
export { checks } from "./diagnosis-checks.ts";
export type { OtlpHttpArgs } from "./otlp-http.ts";
export { OtlpHttp } from "./otlp-http.ts";
