import type { BatchOf, Signal } from "./api.ts";
import { decode } from "./batches.ts";
import type { OtlpEncoding } from "./exchange-api.ts";
import { type Checker, checkerOf } from "./index-builder.ts";
import { jsonToProtobuf } from "./json-decoder.ts";
import { type MessageType, role } from "./message-type.ts";
import { checkInput } from "./other-input.ts";
import { metricFrame, metricType, requestFrames, requestTypes } from "./otlp-messages.ts";
import { type FirstFault, isLeaf, SalvageTally } from "./salvage-tally.ts";
import { Source } from "./source.ts";
import { afterField, contentStart, fieldNumber } from "./wire.ts";
import { Writer } from "./writer.ts";

/** What is left of a request that had malformed items. */
export interface Salvaged<S extends Signal> {
  readonly batch: BatchOf[S];
  /** Records, spans or data points that were left out; a metric that is malformed itself counts as one. */
  readonly rejected: number;
  /** The first of them; `undefined` when there was none. */
  readonly first: FirstFault | undefined;
}

/**
 * The batch of an export request that `decode` or `decodeJson` has refused, without the items that are malformed. Those
 * that are sound come in their order; scopes, resources and metrics of which nothing is left are left out. Costs a few
 * passes over the request, whatever is wrong with it.
 *
 * @throws {PdataError} when the fault is not in an item: the request is cut off, a resource, a scope or the frames around
 * items are malformed. Also when no item is sound, or more than 1000 are not: then it is the fault of an item.
 */
export function salvage<S extends Signal>(signal: S, encoding: OtlpEncoding, bytes: Uint8Array): Salvaged<S> {
  checkInput(bytes, signal);
  const tally = new SalvageTally();
  const sound =
    encoding === "json"
      ? jsonToProtobuf(requestTypes[signal], bytes, tally)
      : new ProtobufSalvage(new Source(bytes).bytes, tally).read(signal);
  const { kept, rejected, first } = tally;
  if (kept === 0 && first !== undefined) throw first.reason;
  return { batch: decode(signal, sound), rejected, first };
}

/** Copies a request item by item, as far as they are sound. */
class ProtobufSalvage {
  readonly #bytes: Uint8Array;
  readonly #checker: Checker;
  readonly #tally: SalvageTally;
  readonly #writer: Writer;

  constructor(bytes: Uint8Array, tally: SalvageTally) {
    this.#bytes = bytes;
    this.#checker = checkerOf(bytes);
    this.#tally = tally;
    this.#writer = new Writer(bytes.length);
  }

  read(signal: Signal): Uint8Array {
    this.#checker.all(requestFrames[signal]);
    this.#message(requestTypes[signal], 0, this.#bytes.length);
    return this.#writer.take();
  }

  /** A message whose frames are sound: the fields that it has can be told apart. */
  #message(type: MessageType, start: number, end: number): void {
    for (let pos = start; pos < end; ) {
      const head = pos;
      pos = afterField(this.#bytes, head);
      const number = fieldNumber(this.#bytes, head);
      const child = type.children[number];
      if (child === undefined || !leadsToItems(child)) this.#writer.raw(this.#bytes, head, pos);
      else this.#child(child, number, head, pos);
    }
  }

  #child(type: MessageType, number: number, head: number, end: number): void {
    const tally = this.#tally;
    const writer = this.#writer;
    const start = contentStart(this.#bytes, head);
    const { length } = writer;
    const before = tally.enter(type);
    const fault = this.#fault(type, start, end);
    if (fault !== undefined) {
      if (!tally.rejects(type, fault, before)) throw fault;
      return;
    }
    if (isLeaf(type)) {
      writer.raw(this.#bytes, head, end);
    } else {
      const mark = writer.open(number, end - start);
      this.#message(type, start, end);
      writer.close(mark);
    }
    if (!tally.keeps(type, before)) writer.length = length;
  }

  /** What is wrong with an item, or with the frames of a metric; those of a request were looked at before. */
  #fault(type: MessageType, start: number, end: number) {
    if (type === metricType) return this.#checker.fault(metricFrame, start, end);
    return isLeaf(type) ? this.#checker.fault(type, start, end) : undefined;
  }
}

function leadsToItems(type: MessageType): boolean {
  return type.role !== role.none && type.role !== role.resource && type.role !== role.scope;
}
