/** Between the values of the lens and the oracle's AnyValue messages. */
import type { AnyValue } from "@dbintel/pdata";
import { newMessage, type OracleKeyValue, type OracleValue } from "./oracle.ts";

export function toOracleValue(value: AnyValue): OracleValue {
  return newMessage<OracleValue>("common.v1.AnyValue", { value: toCase(value) });
}

function toCase(value: AnyValue): Record<string, unknown> {
  if (value === null) return { case: undefined };
  if (typeof value === "string") return { case: "stringValue", value };
  if (typeof value === "boolean") return { case: "boolValue", value };
  if (typeof value === "bigint") return { case: "intValue", value };
  if (typeof value === "number") return { case: "doubleValue", value };
  if (value instanceof Uint8Array) return { case: "bytesValue", value };
  if (value instanceof Map) {
    const values = [...value].map(([key, item]: [string, AnyValue]) => toOracleKeyValue(key, item));
    return { case: "kvlistValue", value: newMessage("common.v1.KeyValueList", { values }) };
  }
  const values = [...(value as readonly AnyValue[])].map(toOracleValue);
  return { case: "arrayValue", value: newMessage("common.v1.ArrayValue", { values }) };
}

export function toOracleKeyValue(key: string, value: AnyValue): OracleKeyValue {
  return newMessage<OracleKeyValue>("common.v1.KeyValue", { key, value: toOracleValue(value) });
}

export function fromOracleValue(message: OracleValue | undefined): AnyValue {
  const value = message?.value;
  switch (value?.case) {
    case "arrayValue":
      return value.value.values.map(fromOracleValue);
    case "kvlistValue": {
      const result = new Map<string, AnyValue>();
      for (const { key, value: item } of value.value.values) {
        if (!result.has(key)) result.set(key, fromOracleValue(item));
      }
      return result;
    }
    case undefined:
    case "stringValueStrindex":
      return null;
    default:
      return value?.value ?? null;
  }
}
