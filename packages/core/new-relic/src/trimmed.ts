import type { Batch, Item, TextEditor } from "@dbintel/pdata";
import { AttributeRules } from "./attribute-rules.ts";
import { type ContractLimits, documentedLimits } from "./limits.ts";
import { cutText } from "./text.ts";

/** Says of an item that it is not whole. */
const trimmedAttribute = "dbintel.trimmed";

const none: ReadonlySet<string> = new Set();

/**
 * A batch of its own with each text cut, and with the attributes above the limit removed, as the contract has it, for a
 * destination to which it is too large; items have the attribute `dbintel.trimmed` then. `undefined` where nothing is long.
 */
export function trimmed(batch: Batch, limits: ContractLimits = documentedLimits): Batch | undefined {
  const own: Batch = batch.fork();
  let isCut = false;
  const rules = new AttributeRules({
    limits,
    fix: true,
    found: () => {
      isCut = true;
    },
  });
  const cutter: TextEditor = {
    wants: (message) => message.length > limits.attributeValueLength,
    edit: (value) => {
      // A character has at least one byte: what is short in bytes is short.
      if (value.kind !== "string" || value.bytes.length <= limits.attributeValueLength) return undefined;
      const { buffer, byteOffset, length } = value.bytes;
      const text = Buffer.from(buffer, byteOffset, length).toString("utf8");
      if (text.length <= limits.attributeValueLength) return undefined;
      isCut = true;
      return cutText(text, limits.attributeValueLength);
    },
    verdict: () => undefined,
  };
  own.editTexts(cutter);
  const most = limits.attributes[own.signal];
  for (const { attributes } of own.resources()) rules.checkCount(attributes, most, none);
  for (const item of itemsOf(own)) rules.checkCount(item.attributes, most - 1, none);
  if (!isCut) return undefined;
  for (const item of itemsOf(own)) item.attributes.set(trimmedAttribute, true);
  return own;
}

function itemsOf(batch: Batch): Iterable<Item> {
  if (batch.signal === "logs") return batch.records();
  return batch.signal === "metrics" ? batch.points() : batch.spans();
}
