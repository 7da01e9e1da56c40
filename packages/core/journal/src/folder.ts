import { chmod, readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "@dbintel/pipeline";
import { removeFile, syncFolder } from "./files.ts";

const suffixes = {
  segment: ".segment",
  marks: ".marks",
  spare: ".spare",
  damaged: ".damaged",
  newer: ".newer",
} as const;
type Suffix = keyof typeof suffixes;

/** Finished files that wait to be written to again: overwriting what is allocated costs a sync half of its time. */
const mostSpares = 2;
/** Of more damaged segments the oldest are removed. */
const mostDamaged = 8;

/** The files of one journal. */
export class JournalFolder {
  readonly path: string;
  #spares = 0;

  constructor(path: string) {
    this.path = path;
  }

  file(number: number, kind: Suffix): string {
    return join(this.path, `${String(number).padStart(12, "0")}${suffixes[kind]}`);
  }

  /** The numbers of the files of a kind, smallest first; none where the folder is missing. */
  async numbers(kind: Suffix): Promise<number[]> {
    const names = await readdir(this.path).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw error;
    });
    return names
      .filter((name) => name.endsWith(suffixes[kind]) && /^\d{12}\./.test(name))
      .map((name) => Number(name.slice(0, 12)))
      .toSorted((one, other) => one - other);
  }

  /** Makes the folder where it is missing, for its owner alone. Nothing is made before there is something to keep. */
  async make(): Promise<void> {
    await makeDirectory(this.path, 0o700);
    // The mode above is cut down by the process's mask, and ignored for a folder that is there.
    await chmod(this.path, 0o700);
    await syncFolder(dirname(this.path));
  }

  /** Gives a segment another name, for good when it resolves. */
  async move(number: number, from: Suffix, to: Suffix): Promise<void> {
    await rename(this.file(number, from), this.file(number, to));
    await syncFolder(this.path);
  }

  /** A finished segment's file becomes a spare one, or goes. Its marks go after it: alone they mean nothing. */
  async retire(number: number): Promise<void> {
    if (this.#spares < mostSpares) {
      this.#spares++;
      await rename(this.file(number, "segment"), this.file(number, "spare"));
    } else await removeFile(this.file(number, "segment"));
    await syncFolder(this.path);
    await removeFile(this.file(number, "marks"));
  }

  /** The number of a spare file, which is the caller's from now on. */
  async takeSpare(): Promise<number | undefined> {
    const [number] = await this.numbers("spare");
    if (number !== undefined) this.#spares--;
    return number;
  }

  /** Puts a damaged segment aside, for people to look at. Resolves to the path where it is now. */
  async quarantine(number: number): Promise<string> {
    await this.move(number, "segment", "damaged");
    await removeFile(this.file(number, "marks"));
    for (const old of (await this.numbers("damaged")).slice(0, -mostDamaged))
      await removeFile(this.file(old, "damaged"));
    return this.file(number, "damaged");
  }

  /** For the start: spare files of an earlier run are not worth looking after. */
  async clean(): Promise<void> {
    for (const number of await this.numbers("spare")) await removeFile(this.file(number, "spare"));
    const segments = new Set(await this.numbers("segment"));
    for (const number of await this.numbers("marks")) {
      if (!segments.has(number)) await removeFile(this.file(number, "marks"));
    }
    this.#spares = 0;
  }
}
