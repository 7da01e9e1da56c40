export type { OtlpHttpConfig } from "@dbintel/otlp-http";
export { otlpHttpConfig } from "@dbintel/otlp-http";
export { otlpHttp } from "./component.ts";
