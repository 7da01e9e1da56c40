export { otlpHttp } from "./component.ts";
export type { OtlpHttpConfig } from "./config.ts";
export { otlpHttpConfig } from "./config.ts";
export { subjects } from "./diagnosis.ts";
export { checks } from "./diagnosis-checks.ts";
export { OtlpHttp } from "./otlp-http.ts";
