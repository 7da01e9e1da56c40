import { writeKeyValue } from "./any-value.ts";
import type { EncodedAttributes } from "./api.ts";
import { attributeKeys } from "./attribute-key.ts";
import type { AttributesInit } from "./producer-api.ts";
import { afterVarint } from "./wire.ts";
import { Writer } from "./writer.ts";

/** Encodes attributes once that many items are to be given. `undefined` values are left out. */
export function encodeAttributes(init: AttributesInit): EncodedAttributes {
  const writer = new Writer();
  const names: string[] = [];
  const pieces: Uint8Array[] = [];
  for (const [name, value] of init instanceof Map ? init : Object.entries(init)) {
    if (value === undefined) continue;
    writeKeyValue(writer, 1, name, value);
    const field = writer.take();
    names.push(name);
    // Which field it is differs between kinds of items, so the tag is left out.
    pieces.push(field.subarray(afterVarint(field, 0)));
  }
  return { keys: attributeKeys(names), pieces };
}
