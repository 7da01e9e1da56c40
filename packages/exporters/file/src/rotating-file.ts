import type { Clock, Logger } from "@dbintel/pipeline";
import { Backups } from "./backups.ts";
import type { FileConfig } from "./config.ts";
import type { Framing } from "./framing.ts";
import { RecordFile } from "./record-file.ts";

const dayMs = 86_400_000;
const mebibyte = 2 ** 20;

export interface RotatingFileArgs {
  readonly config: FileConfig;
  readonly framing: Framing;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A record file that is set aside as a backup when it is full. One call at a time. */
export class RotatingFile {
  readonly #args: RotatingFileArgs;
  readonly #backups: Backups;
  /** Absent before `open`, and after a rotation whose new file could not be opened yet. */
  #file: RecordFile | undefined;

  constructor(args: RotatingFileArgs) {
    this.#args = args;
    this.#backups = new Backups(args.config.path);
  }

  /** Opens the file, to be continued or emptied as the settings say. */
  async open(): Promise<void> {
    const { append, rotation } = this.#args.config;
    const file = await this.#openFile();
    try {
      if (append || rotation !== undefined) await this.#continue(file);
      else await file.clear();
    } catch (error) {
      await this.close();
      throw error;
    }
    await this.#prune();
  }

  /** Appends a whole record; a new file begins first when the record does not fit. */
  async append(record: Uint8Array): Promise<void> {
    let file = this.#file ?? (await this.#openFile());
    const { rotation } = this.#args.config;
    if (rotation !== undefined && file.size > 0 && file.size + record.length > rotation.max_megabytes * mebibyte) {
      await this.#setAside(file);
      file = await this.#openFile();
      await this.#prune();
    }
    await file.append(record);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  /** A run that was killed may have left half a record, which would spoil the one that follows it. */
  async #continue(file: RecordFile): Promise<void> {
    const { framing, logger, config } = this.#args;
    if (await framing.endsWhole(file.handle, file.size)) return;
    const backup = await this.#setAside(file);
    await this.#openFile();
    logger.warn({ backup }, `${config.path} ended in the middle of a record: set aside, a new file begins`);
  }

  async #openFile(): Promise<RecordFile> {
    this.#file = await RecordFile.open(this.#args.config.path);
    return this.#file;
  }

  async #setAside(file: RecordFile): Promise<string> {
    await file.takeBack();
    const backup = await this.#backups.setAside(this.#nowMs());
    await this.close();
    return backup;
  }

  /** Backups that cannot be listed or deleted take space, but are no reason to lose data. */
  async #prune(): Promise<void> {
    const { rotation, path } = this.#args.config;
    if (rotation === undefined) return;
    const maxAgeMs = rotation.max_days === undefined ? undefined : rotation.max_days * dayMs;
    try {
      await this.#backups.prune({ maxBackups: rotation.max_backups, maxAgeMs }, this.#nowMs());
    } catch (error) {
      this.#args.logger.warn({ error }, `old backups of ${path} cannot be deleted`);
    }
  }

  #nowMs(): number {
    return Number(this.#args.clock.unixNano() / 1_000_000n);
  }
}
