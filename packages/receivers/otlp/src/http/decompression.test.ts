import { randomBytes } from "node:crypto";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { InFlight } from "../in-flight.ts";
import { decompress } from "./decompression.ts";

const compress = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync } as const;
const formats = ["gzip", "deflate", "zstd"] as const;
const mib = 2 ** 20;

/** Runs a decompression with a budget and tells what it held at the end and at most. */
function run(body: Buffer, format: (typeof formats)[number], limitBytes: number, budgetBytes = 1024 * mib) {
  const inFlight = new InFlight({ maxRequests: 1, maxBytes: budgetBytes });
  const lease = inFlight.enter();
  return { inFlight, output: decompress(body, { format, limitBytes, lease }) };
}

describe.each(formats)("decompress %s", (format) => {
  const sizes = [1, 1000, 100_000, 3 * mib];
  it.each(sizes)("gives back %i bytes of text", async (size) => {
    const text = Buffer.alloc(size, "SELECT * FROM orders WHERE id = ?; ");
    const { output, inFlight } = run(compress[format](text), format, 4 * mib);
    expect((await output).equals(text)).toBe(true);
    expect(inFlight.bytes).toBe(size);
  });

  it("gives back bytes that do not compress", async () => {
    const noise = randomBytes(2 * mib);
    expect((await run(compress[format](noise), format, 4 * mib).output).equals(noise)).toBe(true);
  });

  it.each([
    ["a small body", 10_000, 20_000],
    ["a bomb", mib, 64 * mib],
  ])("answers 413 at the limit for %s, without keeping more than the limit", async (_what, limit, size) => {
    const { output, inFlight } = run(compress[format](Buffer.alloc(size)), format, limit);
    await expect(output).rejects.toMatchObject({ status: 413, rpcCode: 8 });
    expect(inFlight.bytes).toBeLessThanOrEqual(limit);
  });

  it("answers 503 when the common budget is spent", async () => {
    const { output, inFlight } = run(compress[format](randomBytes(8 * mib)), format, 64 * mib, mib);
    await expect(output).rejects.toMatchObject({ status: 503 });
    expect(inFlight.bytes).toBeLessThanOrEqual(mib);
  });

  it.each([
    ["other bytes", (body: Buffer) => Buffer.concat([Buffer.from("no"), body])],
    ["a body cut off", (body: Buffer) => body.subarray(0, body.length - 5)],
    ["nothing but the beginning", (body: Buffer) => body.subarray(0, 4)],
  ])("answers 400 for %s", async (_what, spoil) => {
    for (const size of [100, 100_000]) {
      const { output } = run(spoil(compress[format](randomBytes(size))), format, mib);
      await expect(output).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining(`the body is not valid ${format}: `),
      });
    }
  });
});

describe("decompress gzip", () => {
  it("reads several members as one body", async () => {
    const members = Buffer.concat([gzipSync("first "), gzipSync("second")]);
    expect((await run(members, "gzip", mib).output).toString()).toBe("first second");
  });

  it.each([0, 0xffff_ffff])("does not trust a trailer that tells the size %i", async (told) => {
    const spoilt = gzipSync(Buffer.alloc(5000, "x"));
    spoilt.writeUInt32LE(told, spoilt.length - 4);
    await expect(run(spoilt, "gzip", mib).output).rejects.toMatchObject({ status: 400 });
  });
});
