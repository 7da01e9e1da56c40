import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A certificate authority of one test, and what it has signed, as PEM files in a folder of their own. */
export class Certificates implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the authority, `ca.pem`. */
  static async create(): Promise<Certificates> {
    const certificates = new Certificates(await mkdtemp(join(tmpdir(), "dbintel-certificates-")));
    await certificates.#openssl([
      "req",
      "-x509",
      ...newKey("ca"),
      "-subj",
      "/CN=Test CA",
      "-out",
      "ca.pem",
      "-days",
      "2",
    ]);
    return certificates;
  }

  /** Makes `name.key` and `name.pem`, signed by the authority, in place of what they were. */
  async sign(name: string, options: { readonly subject?: string; readonly extension: string }): Promise<void> {
    const { subject = name, extension } = options;
    await writeFile(this.path(`${name}.ext`), extension);
    await this.#openssl(["req", ...newKey(name), "-subj", `/CN=${subject}`, "-out", `${name}.csr`]);
    const authority = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    const output = ["-extfile", `${name}.ext`, "-days", "2", "-out", `${name}.pem`];
    await this.#openssl(["x509", "-req", "-in", `${name}.csr`, ...authority, ...output]);
  }

  path(file: string): string {
    return join(this.#folder, file);
  }

  read(file: string): Promise<Buffer> {
    return readFile(this.path(file));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #openssl(args: readonly string[]): Promise<void> {
    await run("openssl", args, { cwd: this.#folder });
  }
}

function newKey(name: string): readonly string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`];
}
