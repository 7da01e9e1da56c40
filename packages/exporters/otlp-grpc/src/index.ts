export { otlpGrpc } from "./component.ts";
