export type { OtlpHttpConfig } from "@dbintel/otlp-http";
export { otlpHttp } from "./component.ts";
