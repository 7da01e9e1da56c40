import fc from "fast-check";
import { expect, it } from "vitest";
import { packCheckpoint, unpackCheckpoint } from "./checkpoint-bytes.ts";

const content = fc.record({
  head: fc.dictionary(
    fc.string().filter((key) => key !== "parts" && key !== "__proto__"),
    fc.oneof(fc.string(), fc.integer(), fc.boolean()),
  ),
  parts: fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 }),
});

it("gives back what was packed", () => {
  fc.assert(
    fc.property(content, ({ head, parts }) => {
      const unpacked = unpackCheckpoint(packCheckpoint({ head, parts }));
      expect({ ...unpacked?.head }).toEqual({ ...head });
      expect(unpacked?.parts).toEqual(parts);
    }),
  );
});

it("takes what was cut off, and any other bytes, for no checkpoint, and never throws", () => {
  fc.assert(
    fc.property(content, fc.nat(), ({ head, parts }, cut) => {
      const bytes = packCheckpoint({ head, parts });
      expect(unpackCheckpoint(bytes.subarray(0, cut % bytes.length))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(0xffffffff), (noise, length) => {
      const bytes = Buffer.concat([Buffer.from("DBIC____"), noise]);
      bytes.writeUInt32LE(length, 4);
      unpackCheckpoint(noise);
      expect(unpackCheckpoint(bytes)?.parts ?? []).toBeInstanceOf(Array);
    }),
  );
});
