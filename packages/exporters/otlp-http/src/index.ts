export { otlpHttp } from "./component.ts";
export type { OtlpHttpConfig } from "./config.ts";
export { otlpHttpConfig } from "./config.ts";
