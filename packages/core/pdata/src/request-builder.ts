import { writeKeyValue } from "./any-value.ts";
import type { AnyValue } from "./api.ts";
import { writeString } from "./fields.ts";
import type { AttributesInit, ResourceInit, ScopeInit } from "./producer-api.ts";
import { Writer } from "./writer.ts";

const initialSize = 4096;

/**
 * What the builders of all signals share: an export request written forwards, with the last group and the last
 * container left open for items.
 *
 * Request => groups(1) [Group => resource(1), containers(2) [Container => scope(1), items(2), schema_url(3)], schema_url(3)]
 */
export abstract class RequestBuilder {
  protected readonly writer = new Writer(initialSize);
  /** Resource and scope are complete before anything that is open is closed for them. */
  readonly #head = new Writer();
  #group = -1;
  #container = -1;

  resource(init: ResourceInit): this {
    const head = this.#head.clear();
    const mark = head.open(1);
    writeAttributes(head, 1, init.attributes);
    head.close(mark);
    writeString(head, 3, init.schemaUrl);
    this.#closeGroup();
    this.#openGroup();
    this.writer.raw(head.bytes, 0, head.length);
    return this;
  }

  scope(init: ScopeInit): this {
    const head = this.#head.clear();
    const mark = head.open(1);
    writeString(head, 1, init.name);
    writeString(head, 2, init.version);
    writeAttributes(head, 3, init.attributes);
    head.close(mark);
    writeString(head, 3, init.schemaUrl);
    this.#closeContainer();
    this.#openContainer();
    this.writer.raw(head.bytes, 0, head.length);
    return this;
  }

  /** Writes one item (field 2 of the container); when `content` throws, nothing of it is left behind. */
  protected item(content: () => void): void {
    const { length } = this.writer;
    const group = this.#group;
    const container = this.#container;
    try {
      this.#openContainer();
      const mark = this.writer.open(2, 128);
      content();
      this.writer.close(mark);
    } catch (error) {
      this.writer.length = length;
      this.#group = group;
      this.#container = container;
      throw error;
    }
  }

  /** The request; the builder is empty afterwards. */
  protected finish(): Uint8Array {
    this.#closeGroup();
    return this.writer.take();
  }

  #openGroup(): void {
    if (this.#group < 0) this.#group = this.writer.open(1, initialSize);
  }

  #openContainer(): void {
    this.#openGroup();
    if (this.#container < 0) this.#container = this.writer.open(2, initialSize);
  }

  #closeContainer(): void {
    if (this.#container >= 0) this.writer.close(this.#container);
    this.#container = -1;
  }

  #closeGroup(): void {
    this.#closeContainer();
    if (this.#group >= 0) this.writer.close(this.#group);
    this.#group = -1;
  }
}

/** Writes attributes as a repeated KeyValue field; `undefined` values are left out. */
export function writeAttributes(writer: Writer, field: number, attributes: AttributesInit | undefined): void {
  if (attributes === undefined) return;
  if (isMap(attributes)) {
    for (const [key, value] of attributes) writeKeyValue(writer, field, key, value);
    return;
  }
  // An entry for each would be most of what a record leaves to be collected as garbage.
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value !== undefined) writeKeyValue(writer, field, key, value);
  }
}

function isMap(attributes: AttributesInit): attributes is ReadonlyMap<string, AnyValue> {
  return attributes instanceof Map;
}
