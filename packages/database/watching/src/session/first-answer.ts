import type { Socket } from "node:net";
import { DbintelError } from "@dbintel/errors";

/** How a kind of server is told from others by what it sends first. */
export interface ServerGreeting {
  /** What such servers are called. */
  readonly server: string;
  /** Where this one is expected. */
  readonly endpoint: string;
  /** Whether a server of this kind may begin so; `bytes` may end within its first message. */
  begins(bytes: Uint8Array): boolean;
  /** What to look for where nothing comes at all. */
  readonly silenceHint: string;
}

/** Less than what a poll of ten seconds has, and time enough for a server that looks up the name of its client. */
const patienceMs = 9000;
const shownBytes = 48;

/** By the first bytes, each as one character. */
const others: readonly (readonly [name: string, begins: (text: string) => boolean])[] = [
  ["HTTP", (text) => text.startsWith("HTTP/")],
  ["SSH", (text) => text.startsWith("SSH-")],
  ["mail or FTP", (text) => text.startsWith("220 ") || text.startsWith("220-")],
  // A record of protocol 3.x: an alert, or a handshake.
  ["TLS", (text) => text.startsWith("\x15\x03") || text.startsWith("\x16\x03")],
  ["MySQL", (text) => text.startsWith("\0\n", 3)],
  ["MySQL's X Protocol, port 33060; the one that is wanted has 3306", (text) => text.startsWith("\0\x0b", 3)],
];

/**
 * Listens to the first bytes on a socket that is about to be connected. Who sends none, or what no server of the kind
 * that is wanted begins with, is left at once: drivers would wait for the rest of a message that never comes.
 */
export class FirstAnswer {
  #problem: DbintelError | undefined;

  constructor(socket: Socket, greeting: ServerGreeting, longestMs: number = patienceMs) {
    const leave = (problem: DbintelError) => {
      this.#problem = problem;
      socket.destroy(problem);
    };
    const giveUp = () => leave(silent(greeting, longestMs));
    socket.once("connect", () => socket.setTimeout(longestMs));
    socket.once("timeout", giveUp);
    socket.once("data", (bytes: Buffer) => {
      socket.setTimeout(0);
      socket.off("timeout", giveUp);
      if (!greeting.begins(bytes)) leave(stranger(greeting, bytes));
    });
  }

  /** Why the socket was left, in words that a driver does not have; `undefined` when it was not. */
  get problem(): DbintelError | undefined {
    return this.#problem;
  }
}

function stranger({ server, endpoint }: ServerGreeting, bytes: Buffer): DbintelError {
  const beginning = bytes.toString("latin1", 0, shownBytes);
  const known = others.find(([, begins]) => begins(beginning))?.[0];
  const kind = known === undefined ? "" : ` (${known})`;
  return new DbintelError(
    `what answers at ${endpoint} is no ${server} server: it begins with "${escaped(beginning)}"${kind}`,
    {
      code: "DBI_DATABASE_UNREACHABLE",
      hint: "check host and port of endpoint: another program listens there, or answers for the server on the way to it",
      retryable: true,
    },
  );
}

function silent({ server, endpoint, silenceHint }: ServerGreeting, longestMs: number): DbintelError {
  const message = `${endpoint} takes connections and says nothing within ${longestMs / 1000} s`;
  return new DbintelError(`${message}: it is no ${server} server, or one that hangs`, {
    code: "DBI_DATABASE_UNREACHABLE",
    hint: `check host and port of endpoint: ${silenceHint}`,
    retryable: true,
  });
}

/** One line of ASCII. */
function escaped(text: string): string {
  const [line = ""] = text.split(/[\r\n]/, 1);
  return line.replace(/[^ -~]|["\\]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
