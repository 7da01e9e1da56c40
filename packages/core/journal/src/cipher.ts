import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
/** What encryption adds to a record. */
export const tagBytes = 16;

/** A name for a key that tells nothing about it: a segment says by it which key it needs. */
export function keyIdOf(key: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), "dbintel journal key id", 8));
}

/**
 * Encrypts the records of one segment by AES-256-GCM (NIST SP 800-38D).
 *
 * A key of its own for each segment, derived by HKDF-SHA-256 (RFC 5869) from the segment's random bytes, makes the
 * index of the record a nonce that never repeats: a segment in which a write failed is never written to again.
 */
export class SegmentCipher {
  readonly #key: Buffer;

  constructor(key: Uint8Array, salt: Uint8Array) {
    this.#key = Buffer.from(hkdfSync("sha256", key, salt, "dbintel journal segment", 32));
  }

  seal(content: Uint8Array, index: number, authenticated: Uint8Array): Uint8Array[] {
    const cipher = createCipheriv(algorithm, this.#key, nonceOf(index));
    cipher.setAAD(authenticated);
    const body = cipher.update(content);
    cipher.final();
    return [body, cipher.getAuthTag()];
  }

  /** Throws when the bytes are not those that were sealed under this key. */
  open(sealed: Uint8Array, index: number, authenticated: Uint8Array): Buffer {
    const decipher = createDecipheriv(algorithm, this.#key, nonceOf(index), { authTagLength: tagBytes });
    decipher.setAAD(authenticated);
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    const content = decipher.update(sealed.subarray(0, -tagBytes));
    decipher.final();
    return content;
  }
}

function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(nonceBytes);
  nonce.writeUInt32LE(index);
  return nonce;
}
