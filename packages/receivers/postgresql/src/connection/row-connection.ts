import { EventEmitter } from "node:events";
import type { Readable } from "node:stream";
import pg from "pg";

/** The part of pg's connection that sends and reads messages; its type declarations leave it out. */
interface MessageReader {
  /** The texts of the session's prepared statements by their names. */
  readonly parsedStatements: Record<string, string | undefined>;
  attachListeners(stream: EventEmitter): void;
  bind(config: { readonly statement?: string }): void;
  describe(config: object): void;
  query(text: string): void;
}

const BaseConnection = pg.Connection as unknown as new (config: pg.ConnectionConfig) => pg.Connection & MessageReader;

/** Takes the body of one DataRow message, `bytes[start, end)`, valid during the call. */
export type RowHandler = (bytes: Uint8Array, start: number, end: number) => void;

/** Every message begins with a type byte and an int32 length that counts itself. */
const headerBytes = 5;
const bindComplete = 0x32;
const dataRow = 0x44;
const rowDescription = 0x54;
/** No answer to a query of ours comes near it; what claims to be longer is not PostgreSQL. */
const longestMessage = 256 * 1024 * 1024;

/**
 * A connection of `pg` that can hand out rows as they are on the wire.
 *
 * `pg` makes a string of each field of each row, which at 100,000 statements is a second of CPU and loses the bits
 * of binary values. While `onRow` is set, rows go there and all other messages to `pg` as always.
 *
 * What the columns of a prepared statement are is asked once: the server refuses to run one whose result would be
 * another. `pg` asks with each run, and where the answer is a row or two, that is most of it.
 */
export class RowConnection extends BaseConnection {
  onRow: RowHandler | undefined;
  /** Bytes that came in, for the cost of a poll. */
  received = 0;
  /** The server's descriptions of the results of prepared statements, by their names. */
  readonly #descriptions = new Map<string, Buffer>();
  /** The name of the prepared statement that runs; empty when it has none. */
  #running = "";
  /** What `pg` is to be told because the server is not asked for it. */
  #known: Buffer | undefined;
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** How many bytes the message that `#rest` begins with has, or its header. */
  #wanted = headerBytes;

  /** Keeps no more than the first word of a prepared statement's text: it may be megabytes. */
  shortenPrepared(name: string): void {
    const text = this.parsedStatements[name];
    if (text !== undefined) this.parsedStatements[name] = text.slice(0, 6);
  }

  /** Forgets a prepared statement; whether there was one. */
  forgetPrepared(name: string): boolean {
    const known = this.parsedStatements[name] !== undefined;
    delete this.parsedStatements[name];
    this.#descriptions.delete(name);
    return known;
  }

  /** Sends a text as it is: what comes back is of no prepared statement. */
  override query(text: string): void {
    this.#running = "";
    this.#known = undefined;
    super.query(text);
  }

  override bind(config: { readonly statement?: string }): void {
    this.#running = config.statement ?? "";
    super.bind(config);
  }

  /** `pg` describes what it has just bound. */
  override describe(config: object): void {
    this.#known = this.#descriptions.get(this.#running);
    if (this.#known === undefined) super.describe(config);
  }

  override attachListeners(stream: Readable): void {
    const others = new EventEmitter();
    super.attachListeners(others);
    stream.on("data", (chunk: Buffer) => {
      // What answers was found to be no PostgreSQL: `pg` would look for ends of texts that are not there, for ever.
      if (stream.destroyed) return;
      this.received += chunk.length;
      this.#restBytes += chunk.length;
      this.#rest.push(chunk);
      if (this.#restBytes < this.#wanted) return;
      const bytes = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest);
      const end = this.#readMessages(bytes, others);
      if (this.#wanted > longestMessage) {
        stream.destroy(new Error("the server's answer is not PostgreSQL's protocol"));
        return;
      }
      this.#rest = end < bytes.length ? [bytes.subarray(end)] : [];
      this.#restBytes = bytes.length - end;
    });
    stream.on("end", () => others.emit("end"));
  }

  /** Passes on the complete messages; returns where the first incomplete one begins. */
  #readMessages(bytes: Buffer, others: EventEmitter): number {
    let passed = 0;
    let at = 0;
    this.#wanted = headerBytes;
    while (at + headerBytes <= bytes.length) {
      const size = 1 + bytes.readUInt32BE(at + 1);
      if (at + size > bytes.length) {
        this.#wanted = size;
        break;
      }
      if (bytes[at] === dataRow && this.onRow !== undefined) {
        if (passed < at) others.emit("data", bytes.subarray(passed, at));
        this.onRow(bytes, at + headerBytes, at + size);
        passed = at + size;
      } else if (bytes[at] === rowDescription && this.#running !== "") {
        this.#descriptions.set(this.#running, Buffer.copyBytesFrom(bytes, at, size));
      } else if (bytes[at] === bindComplete && this.#known !== undefined) {
        others.emit("data", Buffer.concat([bytes.subarray(passed, at + size), this.#known]));
        passed = at + size;
      }
      at += size;
    }
    if (passed < at) others.emit("data", bytes.subarray(passed, at));
    return at;
  }
}
