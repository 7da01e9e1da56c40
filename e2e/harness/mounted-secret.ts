import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A folder as Kubernetes mounts a Secret: its file is a link into `..data`, which is a link to a folder of the current
 * version and is replaced in one step.
 */
export class MountedSecret implements AsyncDisposable {
  /** The file that the Secret is read from. */
  readonly file: string;
  readonly #folder: string;
  #version = 0;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.file = join(folder, name);
  }

  static async mount(name: string, content: string): Promise<MountedSecret> {
    const secret = new MountedSecret(await mkdtemp(join(tmpdir(), "dbintel-secret-")), name);
    await secret.replace(content);
    await symlink(join("..data", name), secret.file);
    return secret;
  }

  async replace(content: string): Promise<void> {
    const version = `..version_${++this.#version}`;
    await mkdir(join(this.#folder, version));
    await writeFile(join(this.#folder, version, this.file.slice(this.#folder.length + 1)), content);
    await symlink(version, join(this.#folder, "..data_tmp"));
    await rename(join(this.#folder, "..data_tmp"), join(this.#folder, "..data"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
