import type { Secret } from "@dbintel/config";

/** The bytes of a key that the configuration has checked. */
export function keyBytes(key: Secret): Buffer {
  const text = key.reveal();
  return Buffer.from(text, text.length === 64 ? "hex" : "base64");
}
