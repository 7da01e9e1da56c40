import type { Random } from "@dbintel/pipeline";

const numberBytes = 6;
const numbersAtOnce = 512;

/** Random numbers one by one, fetched many at once: a call of the system for each would cost more than a decision. */
export class RandomPool {
  readonly #random: Random;
  #bytes: DataView = new DataView(new ArrayBuffer(0));
  #position = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A number in [0, 1) with 48 random bits. Throws when the system has no randomness. */
  next(): number {
    if (this.#position >= this.#bytes.byteLength) {
      const bytes = this.#random.bytes(numberBytes * numbersAtOnce);
      this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#position = 0;
    }
    const high = this.#bytes.getUint32(this.#position);
    const low = this.#bytes.getUint16(this.#position + 4);
    this.#position += numberBytes;
    return (high * 2 ** 16 + low) / 2 ** 48;
  }
}
