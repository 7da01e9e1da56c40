/** A generator of numbers that the same seed repeats: xorshift128 of Marsaglia (2003). */
export class Dice {
  #x: number;
  #y = 362_436_069;
  #z = 521_288_629;
  #w = 88_675_123;

  constructor(seed: number) {
    this.#x = (seed ^ 123_456_789) | 1;
  }

  /** A number in 0…n-1. */
  below(n: number): number {
    const t = this.#x ^ (this.#x << 11);
    this.#x = this.#y;
    this.#y = this.#z;
    this.#z = this.#w;
    this.#w = this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8);
    return (this.#w >>> 0) % n;
  }
}

/** Values that lengths, tags and varints go wrong at. */
const interesting = [0x00, 0x01, 0x08, 0x0a, 0x12, 0x0b, 0x7f, 0x80, 0xfe, 0xff, 0x22, 0x5c, 0x7b, 0x5d] as const;

type Mutation = (bytes: Uint8Array, dice: Dice, other: Uint8Array) => Uint8Array;

const mutations: readonly Mutation[] = [
  // A flipped bit.
  (bytes, dice) => changed(bytes, dice, (byte) => byte ^ (1 << dice.below(8))),
  (bytes, dice) => changed(bytes, dice, (byte) => byte ^ (1 << dice.below(8))),
  // A byte of importance.
  (bytes, dice) => changed(bytes, dice, () => interesting[dice.below(interesting.length)] ?? 0),
  // A length, or what may be one, a little longer or shorter.
  (bytes, dice) => changed(bytes, dice, (byte) => byte + dice.below(9) - 4),
  // A truncation.
  (bytes, dice) => bytes.slice(0, dice.below(bytes.length + 1)),
  // A piece of another input put in.
  (bytes, dice, other) => {
    const at = dice.below(bytes.length + 1);
    const from = dice.below(other.length + 1);
    return joined(bytes.subarray(0, at), other.subarray(from, from + dice.below(64)), bytes.subarray(at));
  },
  // A piece taken out.
  (bytes, dice) => {
    const at = dice.below(bytes.length + 1);
    return joined(bytes.subarray(0, at), bytes.subarray(at + dice.below(16)));
  },
  // A piece repeated.
  (bytes, dice) => {
    const at = dice.below(bytes.length + 1);
    const piece = bytes.subarray(at, at + dice.below(128));
    return joined(bytes.subarray(0, at), piece, piece, bytes.subarray(at));
  },
  // A long varint.
  (bytes, dice) => {
    const at = dice.below(bytes.length + 1);
    return joined(bytes.subarray(0, at), new Uint8Array(1 + dice.below(12)).fill(0xff), bytes.subarray(at));
  },
];

/** How many mutations an input gets: most get one, so that many remain readable. */
const rounds = [1, 1, 1, 1, 2, 2, 3, 4] as const;

/** One to four mutations of an input, or now and then nothing but random bytes. */
export function mutate(bytes: Uint8Array, dice: Dice, other: Uint8Array): Uint8Array {
  if (dice.below(64) === 0) return new Uint8Array(dice.below(200)).map(() => dice.below(256));
  let result = bytes;
  for (let left = rounds[dice.below(rounds.length)] ?? 1; left > 0; left--) {
    result = mutations[dice.below(mutations.length)]?.(result, dice, other) ?? result;
  }
  return result;
}

function changed(bytes: Uint8Array, dice: Dice, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const result = bytes.slice();
  const at = dice.below(bytes.length);
  result[at] = change(result[at] ?? 0);
  return result;
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}
