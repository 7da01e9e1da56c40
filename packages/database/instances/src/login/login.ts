import { isDeepStrictEqual } from "node:util";
import { Secret } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import type { Clock } from "@dbintel/pipeline";
import { readBounded } from "../bounded-file.ts";
import type { PasswordSettings } from "./login-settings.ts";
import { passwordOf } from "./password-command.ts";
import { type TlsOptions, type TlsSettings, tlsOptions } from "./tls.ts";

/** What a new connection logs in with. */
export interface Login {
  readonly password: Secret;
  readonly tls: TlsOptions;
}

const longestPassword = 65_536;

/**
 * How one server is logged in to. Files are read for each new connection, so that what has been rotated is used by the
 * next one without a restart; those that are open stay.
 */
export class LoginSource {
  readonly #clock: Clock;
  readonly #password: PasswordSettings;
  readonly #tls: TlsSettings;
  #current: Login | undefined;
  /** What the command printed last. */
  #printed: { readonly password: Secret; readonly untilMs: number } | undefined;

  constructor(args: { readonly clock: Clock; readonly password: PasswordSettings; readonly tls: TlsSettings }) {
    this.#clock = args.clock;
    this.#password = args.password;
    this.#tls = args.tls;
  }

  /** What was read last. Throws before anything was. */
  get current(): Login {
    if (this.#current !== undefined) return this.#current;
    throw new DbintelError("a connection is opened before its password was read", { code: "DBI_INTERNAL" });
  }

  /** To be called before each new connection. Rejects when something cannot be read. */
  async read(signal: AbortSignal): Promise<void> {
    this.#current = await this.#read(signal);
  }

  /**
   * To be called when the server has refused the login: it may have been rotated a moment ago. Reads again what was
   * kept and what was read, and tells whether it is another login now.
   */
  async renew(signal: AbortSignal): Promise<boolean> {
    const refused = this.#current;
    this.#printed = undefined;
    await this.read(signal);
    return refused !== undefined && !same(refused, this.current);
  }

  async #read(signal: AbortSignal): Promise<Login> {
    const [password, tls] = await Promise.all([this.#readPassword(signal), tlsOptions(this.#tls)]);
    return { password, tls };
  }

  async #readPassword(signal: AbortSignal): Promise<Secret> {
    const { password, password_file: path, password_command: command } = this.#password;
    if (path !== undefined) return await passwordIn(path);
    if (command !== undefined) return await this.#ask(command, signal);
    return password ?? new Secret("");
  }

  async #ask(command: readonly string[], signal: AbortSignal): Promise<Secret> {
    if (this.#printed !== undefined && this.#clock.monotonicMs() < this.#printed.untilMs) return this.#printed.password;
    const password = new Secret(await passwordOf({ command, clock: this.#clock, signal }));
    this.#printed = { password, untilMs: this.#clock.monotonicMs() + this.#password.password_ttl };
    return password;
  }
}

/** Without the line break at its end, which editors and `kubectl create secret --from-file` leave there. */
async function passwordIn(path: string): Promise<Secret> {
  const bytes = await readBounded(path, { limit: longestPassword, setting: "password_file" });
  const password = bytes.toString("utf8").replace(/\r?\n$/, "");
  if (password !== "") return new Secret(password);
  throw new DbintelError(`${path} is empty`, {
    code: "DBI_FILE",
    hint: "write the password into it, or check password_file",
    retryable: true,
  });
}

function same(first: Login, second: Login): boolean {
  const { checkServerIdentity: _, ...firstTls } = first.tls || {};
  const { checkServerIdentity: __, ...secondTls } = second.tls || {};
  return first.password.reveal() === second.password.reveal() && isDeepStrictEqual(firstTls, secondTls);
}
