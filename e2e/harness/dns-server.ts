import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** A service record of a name. */
export interface SrvRecord {
  readonly target: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

const srvType = 33;
const internetClass = 1;
const nxdomain = 3;
const serverFailure = 2;

/**
 * A name server on the loopback interface that answers questions for SRV records over UDP, as RFC 1035 and RFC 2782
 * write them: header, the question again, and an answer for each record. A name that it does not know is NXDOMAIN.
 */
export class DnsServer implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #records = new Map<string, readonly SrvRecord[]>();
  /** Answers every question with SERVFAIL. */
  failing = false;
  /** Questions so far. */
  questions = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (message, { address, port }) => {
      this.questions++;
      socket.send(this.#answer(message), port, address);
    });
  }

  static async start(): Promise<DnsServer> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new DnsServer(socket);
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  set(name: string, records: readonly SrvRecord[]): void {
    this.#records.set(name.toLowerCase(), records);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #answer(query: Buffer): Buffer {
    const { name, end } = readName(query, 12);
    const records = this.#records.get(name.toLowerCase());
    const question = query.subarray(12, end + 4);
    const isSrv = query.readUInt16BE(end) === srvType;
    const answers = this.failing || !isSrv ? [] : (records ?? []);
    const code = this.failing ? serverFailure : records === undefined ? nxdomain : 0;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | code, 2); // an answer; recursion desired and available
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    return Buffer.concat([header, question, ...answers.map(srvAnswer)]);
  }
}

function srvAnswer({ target, port, priority = 0, weight = 0 }: SrvRecord): Buffer {
  const name = nameBytes(target);
  const fixed = Buffer.alloc(18);
  fixed.writeUInt16BE(0xc00c, 0); // the name of the question
  fixed.writeUInt16BE(srvType, 2);
  fixed.writeUInt16BE(internetClass, 4);
  fixed.writeUInt32BE(1, 6); // seconds to live
  fixed.writeUInt16BE(6 + name.length, 10);
  fixed.writeUInt16BE(priority, 12);
  fixed.writeUInt16BE(weight, 14);
  fixed.writeUInt16BE(port, 16);
  return Buffer.concat([fixed, name]);
}

/** Labels, each after its length. */
function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString("ascii", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 1 };
}

function nameBytes(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.of(0),
  ]);
}
