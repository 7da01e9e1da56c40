import { expect, test } from "vitest";
import { hashBytes, hashText, joinHash } from "./hash.ts";
import { Source } from "./source.ts";

// Of the reference implementation, SMHasher's MurmurHash3_x86_32.
test.each([
  ["", 0, 0],
  ["", 1, 0x514e28b7],
  ["", 0xffffffff, 0x81f16f39],
  ["a", 0x9747b28c, 0x7fa09ea6],
  ["aa", 0x9747b28c, 0x5d211726],
  ["aaa", 0x9747b28c, 0x283e0130],
  ["aaaa", 0x9747b28c, 0x5a97808a],
  ["Hello, world!", 0x9747b28c, 0x24884cba],
  ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
])("MurmurHash3 of %j with seed %i", (text, seed, hash) => {
  const { view, bytes } = new Source(Buffer.from(`<${text}>`));
  expect(hashBytes(view, 1, bytes.length - 1, seed) >>> 0).toBe(hash);
});

test("hashes of texts and of two hashes differ by content, seed and order", () => {
  const hashes = [
    hashText("ab", 1),
    hashText("ba", 1),
    hashText("ab", 2),
    hashText("", 1),
    joinHash(1, 2),
    joinHash(2, 1),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(hashText("ab", 1)).toBe(hashes[0]);
  expect(hashes.every((hash) => (hash | 0) === hash)).toBe(true);
});
