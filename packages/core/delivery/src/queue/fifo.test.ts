import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fifo } from "./fifo.ts";

describe("Fifo", () => {
  it("does what an array does", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), item: fc.nat(9) }),
      fc.record({ kind: fc.constant("shift" as const), item: fc.constant(0) }),
      fc.record({ kind: fc.constant("remove" as const), item: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const { kind, item } of steps) {
          if (kind === "push") {
            fifo.push(item);
            model.push(item);
          } else if (kind === "shift") {
            expect(fifo.shift()).toBe(model.shift());
          } else {
            const index = model.indexOf(item);
            expect(fifo.remove(item)).toBe(index >= 0);
            if (index >= 0) model.splice(index, 1);
          }
          expect(fifo.length).toBe(model.length);
          expect(fifo.peek()).toBe(model[0]);
        }
      }),
    );
  });
});
