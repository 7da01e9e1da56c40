export { failover } from "./component.ts";
