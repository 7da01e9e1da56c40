export { otlpGrpc } from "./component.ts";
export type { OtlpGrpcConfig } from "./config.ts";
