import {
  type Batch,
  decode,
  decodeJson,
  encodeJson,
  type OtlpEncoding,
  PdataError,
  type Signal,
  salvage,
  signals,
} from "@dbintel/pdata";
import { items } from "../oracle/edits.ts";
import { readLens } from "../oracle/reading.ts";
import { jsonSeed, protobufSeed } from "./corpus.ts";
import { Dice, mutate } from "./mutation.ts";

export interface FuzzReport {
  readonly inputs: number;
  /** Inputs that were decoded, walked, edited and written again. */
  readonly decoded: number;
  /** Refused inputs by error code. */
  readonly refused: Readonly<Record<string, number>>;
}

/** An input that was not treated as it must be. */
export class FuzzFailure extends Error {
  constructor(what: string, signal: Signal, form: string, input: Uint8Array, cause: unknown) {
    super(`${what}: ${signal} ${form} ${Buffer.from(input).toString("base64")}`, { cause });
  }
}

/** Accepted inputs that later ones are made from, beside the corpus. */
const poolSize = 64;
/** What is longer does not go into the pool. */
const maxPooled = 4096;

/**
 * Feeds `count` mutated inputs, three protobuf to one JSON, to the decoders. Each must either be decoded, and then be
 * readable, editable and writable in full, or be refused with a PdataError whose offset lies within the input. What is
 * salvaged of a refused one must be usable in the same way.
 */
export function fuzz(count: number, seed: number): FuzzReport {
  const dice = new Dice(seed);
  const seeds = signals.flatMap((signal) => [
    { signal, isJson: false, pool: [protobufSeed(signal)] },
    { signal, isJson: false, pool: [protobufSeed(signal)] },
    { signal, isJson: false, pool: [protobufSeed(signal)] },
    { signal, isJson: true, pool: [jsonSeed(signal)] },
  ]);
  const refused: Record<string, number> = {};
  let decoded = 0;
  for (let at = 0; at < count; at++) {
    const { signal, isJson, pool } = pick(seeds, dice);
    const input = mutate(pick(pool, dice), dice, pick(pick(seeds, dice).pool, dice));
    const code = isJson ? tryJson(signal, input) : tryProtobuf(signal, input);
    if (code !== undefined) {
      refused[code] = (refused[code] ?? 0) + 1;
      continue;
    }
    decoded++;
    // The first of a pool stays what the corpus says.
    if (input.length <= maxPooled) pool[pool.length < poolSize ? pool.length : 1 + dice.below(poolSize - 1)] = input;
  }
  return { inputs: count, decoded, refused };
}

function pick<T>(list: readonly T[], dice: Dice): T {
  return list[dice.below(list.length)] as T;
}

function tryProtobuf(signal: Signal, input: Uint8Array): string | undefined {
  const copy = input.slice();
  const batch = attempt("decode", signal, "protobuf", input, () => decode(signal, input));
  if (typeof batch === "string") {
    trySalvage(signal, "protobuf", input);
    return batch;
  }
  mustWork("use", signal, "protobuf", input, () => {
    use(batch);
    if (Buffer.compare(input, copy) !== 0) throw new Error("the input was changed");
  });
  return undefined;
}

function tryJson(signal: Signal, input: Uint8Array): string | undefined {
  const batch = attempt("decode", signal, "json", input, () => decodeJson(signal, input));
  if (typeof batch === "string") {
    trySalvage(signal, "json", input);
    return batch;
  }
  mustWork("use", signal, "json", input, () => use(batch));
  return undefined;
}

/** A refused input has malformed items, which are left out, or is refused again. */
function trySalvage(signal: Signal, encoding: OtlpEncoding, input: Uint8Array): void {
  const salvaged = attempt("salvage", signal, encoding, input, () => salvage(signal, encoding, input));
  if (typeof salvaged === "string") return;
  mustWork("use what was salvaged", signal, encoding, input, () => {
    const { batch, rejected, first } = salvaged;
    if (rejected === 0 || first === undefined) throw new Error("a refused input has nothing wrong");
    use(batch);
  });
}

/** Reads everything and edits every item; now and then also writes JSON, reads it again and splits. */
function use(batch: Batch): void {
  const read = readLens(batch);
  if (read.length !== batch.count) throw new Error(`${read.length} items read of ${batch.count}`);
  edit(batch);
  if (batch.byteSize % 4 === 0) convert(batch);
}

function edit(batch: Batch): void {
  const fork = batch.fork();
  for (const item of items(fork)) {
    item.attributes.set("db.system.name", "x");
    item.attributes.delete("calls");
    item.attributes.set("new", [1n, null]);
    item.resource.attributes.set("calls", 1n);
    item.scope.name += "!";
  }
  const encoded = fork.encode();
  if (encoded.length !== fork.byteSize) throw new Error(`${encoded.length} bytes encoded, ${fork.byteSize} promised`);
  const again = decode(batch.signal, encoded);
  if (again.count !== batch.count) throw new Error(`${again.count} items after editing ${batch.count}`);
}

function convert(batch: Batch): void {
  const text = encodeJson(batch);
  if (encodeJson(decodeJson(batch.signal, text)) !== text) throw new Error("JSON does not survive");
  const pieces = batch.splitByBytes(400);
  if (pieces.reduce((sum, piece) => sum + piece.count, 0) !== batch.count) throw new Error("items lost by splitting");
}

/** The result, or the code of the error that refused the input. */
function attempt<R extends object>(
  what: string,
  signal: Signal,
  form: string,
  input: Uint8Array,
  decoder: () => R,
): R | string {
  try {
    return decoder();
  } catch (error) {
    if (error instanceof PdataError && error.offset >= 0 && error.offset <= input.length) return error.code;
    throw new FuzzFailure(what, signal, form, input, error);
  }
}

function mustWork(what: string, signal: Signal, form: string, input: Uint8Array, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new FuzzFailure(what, signal, form, input, error);
  }
}
