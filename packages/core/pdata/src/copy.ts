/** Up to this many bytes a loop is faster than a call into the runtime. */
const maxLoop = 32;

const { copy } = Buffer.prototype;

/** Copies `source[start, end)` to `target` at `at`. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (end - start > maxLoop) {
    // Unlike `set` it wants no view of the source, which would be garbage at once.
    copy.call(source, target, at, start, end);
    return;
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = source[from] as number;
}
