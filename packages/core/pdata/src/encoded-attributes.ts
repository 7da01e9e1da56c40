import { writeKeyValue } from "./any-value.ts";
import type { EncodedAttributes } from "./api.ts";
import { attributeKeys } from "./attribute-key.ts";
import type { AttributesInit } from "./producer-api.ts";
import { Writer } from "./writer.ts";

/** Encodes attributes once that many items are to be given. `undefined` values are left out. */
export function encodeAttributes(init: AttributesInit): EncodedAttributes {
  const writer = new Writer();
  const names: string[] = [];
  const starts: number[] = [];
  for (const [name, value] of init instanceof Map ? init : Object.entries(init)) {
    if (value === undefined) continue;
    names.push(name);
    starts.push(writer.length);
    writeKeyValue(writer, 1, name, value);
  }
  return { keys: attributeKeys(names), starts, bytes: writer.take() };
}
