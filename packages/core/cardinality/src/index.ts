export { AttributeValues } from "./attribute-values.ts";
export { Folding } from "./folding.ts";
export { Sketch } from "./sketch.ts";
