import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RowConnection } from "./row-connection.ts";

/** A stream that a test writes the server's bytes to. */
class ServerBytes extends Duplex {
  /** The types of the messages to the server. */
  asked = "";
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.asked += chunk.toString("latin1", 0, 1);
    done();
  }
}

function message(type: string, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type, 0, "latin1");
  bytes.writeUInt32BE(4 + body.length, 1);
  bytes.set(body, 5);
  return bytes;
}

/** ReadyForQuery, CommandComplete and DataRow with one text field, as pg reads them. */
const readyForQuery = message("Z", Buffer.from("I"));
const commandComplete = message("C", Buffer.from("SELECT 1\0"));

function row(text: string): Buffer {
  const value = Buffer.from(text);
  const head = Buffer.alloc(6);
  head.writeInt16BE(1);
  head.writeInt32BE(value.length, 2);
  return message("D", Buffer.concat([head, value]));
}

function open() {
  const stream = new ServerBytes();
  const connection = new RowConnection({ stream: () => stream });
  connection.attachListeners(stream);
  const seen: string[] = [];
  connection.on("readyForQuery", () => seen.push("ready"));
  connection.on("commandComplete", () => seen.push("complete"));
  connection.on("dataRow", (data: { fields: string[] }) => seen.push(`pg:${data.fields[0]}`));
  return { connection, stream, seen };
}

async function feed(stream: ServerBytes, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  let from = 0;
  for (const cut of [...cuts.map((each) => each % bytes.length).toSorted((a, b) => a - b), bytes.length]) {
    if (cut > from) stream.push(bytes.subarray(from, cut));
    from = Math.max(from, cut);
  }
  stream.push(null);
  await new Promise((resolve) => stream.once("end", resolve));
}

describe("RowConnection", () => {
  it("hands rows out raw and everything else to pg, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.stringMatching(/^[a-z]{0,30}$/), fc.constantFrom("!complete", "!ready")), {
          minLength: 1,
        }),
        fc.array(fc.nat()),
        async (script, cuts) => {
          const { connection, stream, seen } = open();
          connection.onRow = (bytes, start, end) =>
            seen.push(`row:${Buffer.from(bytes.subarray(start + 6, end)).toString()}`);
          const bytes = script.map((step) =>
            step === "!complete" ? commandComplete : step === "!ready" ? readyForQuery : row(step),
          );
          await feed(stream, Buffer.concat(bytes), cuts);
          expect(seen).toEqual(script.map((step) => (step.startsWith("!") ? step.slice(1) : `row:${step}`)));
        },
      ),
    );
  });

  it("asks once what the columns of a prepared statement are, and tells pg each time", async () => {
    const { connection, stream, seen } = open();
    connection.on("rowDescription", ({ fields }: { fields: unknown[] }) => seen.push(`columns:${fields.length}`));
    const bindComplete = message("2", Buffer.alloc(0));
    const say = (...messages: readonly Buffer[]) => {
      const { length } = seen;
      const ready = new Promise((resolve) => connection.once("readyForQuery", resolve));
      stream.push(Buffer.concat([...messages, readyForQuery]));
      return ready.then(() => seen.slice(length));
    };
    const answer = (...messages: readonly Buffer[]) => say(bindComplete, ...messages, row("a"), commandComplete);
    const ask = (statement: string) => {
      connection.bind({ statement });
      connection.describe({ type: "P", name: "" });
    };
    const oneColumn = message("T", Buffer.concat([Buffer.from([0, 1]), Buffer.from("a\0"), Buffer.alloc(18)]));
    const told = ["columns:1", "pg:a", "complete", "ready"];
    ask("one");
    expect(await answer(oneColumn)).toEqual(told);
    ask("one");
    expect(await answer()).toEqual(told);
    for (let times = 0; times < 2; times++) {
      ask("");
      expect(await answer(oneColumn)).toEqual(told);
    }
    ask("one");
    await answer();
    connection.query("SELECT 1, 2");
    await say(message("T", Buffer.alloc(2)));
    ask("one");
    expect(await answer()).toEqual(told);
    connection.forgetPrepared("one");
    ask("one");
    expect(await answer(oneColumn)).toEqual(told);
    expect(stream.asked).toBe("BDBBDBDBQBBD");
  });

  it("leaves rows to pg while nobody asks for them", async () => {
    const { stream, seen } = open();
    await feed(stream, Buffer.concat([row("a"), commandComplete]), [3, 9]);
    expect(seen).toEqual(["pg:a", "complete"]);
  });

  it("gives up on a message that is too long to be an answer", async () => {
    const { connection, stream } = open();
    const failed = new Promise<Error>((resolve) => stream.once("error", resolve));
    stream.push(Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff, 0]));
    expect((await failed).message).toContain("not PostgreSQL's protocol");
    expect(connection.received).toBe(6);
  });
});
