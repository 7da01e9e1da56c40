import { hash } from "node:crypto";
import type { AnyValue } from "@dbintel/pdata";

/** The bytes that stand for a value: UTF-8 of a text, eight bytes in little endian of a number, one of a boolean. */
function bytesOf(value: AnyValue): Uint8Array | undefined {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
  if (value instanceof Uint8Array) return value;
  const number = Buffer.alloc(8);
  if (typeof value === "bigint") {
    number.writeBigInt64LE(value);
    return number;
  }
  if (typeof value === "number") {
    number.writeDoubleLE(value);
    return number;
  }
  return undefined;
}

/** The SHA-256 of a value in 64 hexadecimal digits; "" for lists, maps and empty values, so that no value is left. */
export function hashValue(value: AnyValue): string {
  const bytes = bytesOf(value);
  return bytes === undefined ? "" : hash("sha256", bytes, "hex");
}
