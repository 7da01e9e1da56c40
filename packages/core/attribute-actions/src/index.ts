export type { AttributeEdit } from "./actions.ts";
export { compileActions } from "./actions.ts";
export type { Action } from "./config.ts";
export { actionSchema } from "./config.ts";
