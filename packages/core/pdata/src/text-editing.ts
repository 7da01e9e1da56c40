import { CONTAINER, GROUP, ITEM, POINT } from "./batch-index.ts";
import type { BatchState } from "./batch-state.ts";
import { type Field, type MessageType, role } from "./message-type.ts";
import { requestTypes } from "./otlp-messages.ts";
import { ElementPlace } from "./place.ts";
import type { Source } from "./source.ts";
import type { TextEditor, TextScope, TextValue } from "./text-api.ts";
import { afterField, contentStart, fieldNumber, findField, readInt64 } from "./wire.ts";
import type { Writer } from "./writer.ts";

/** Shows an editor all texts of a batch, level by level, and writes what it answers. */
export function editTexts(state: BatchState, editor: TextEditor): void {
  for (const level of [GROUP, CONTAINER, ITEM, POINT].slice(0, state.index.leaf + 1)) {
    const place = new ElementPlace(state, level);
    const { count } = state.index.level(level);
    for (let element = 0; element < count; element++) {
      if (state.isGone(level, element)) continue;
      place.moveTo(element);
      const { source, start, end } = place;
      if (start === end || !editor.wants(source.bytes.subarray(start, end))) continue;
      const patch = state.scratch();
      const rewriter = new Rewriter({ source, editor, out: patch, root: typeOf(state, level, element) });
      if (rewriter.rewrite(start, end)) {
        place.own(patch.length);
        place.splice(place.start, place.end, patch.bytes, patch.length);
      }
      const reason = editor.verdict();
      if (reason !== undefined) state.drop(level, element, reason);
    }
  }
}

/** The message that an element is. */
function typeOf({ signal, index }: BatchState, level: number, element: number): MessageType {
  const group = childOf(requestTypes[signal], 1);
  const container = childOf(group, 2);
  const item = childOf(container, 2);
  switch (level) {
    case GROUP:
      return childOf(group, 1);
    case CONTAINER:
      return childOf(container, 1);
    case ITEM:
      return item;
    default:
      return childOf(childOf(item, index.item.dataField[index.point.parent[element] as number] as number), 1);
  }
}

function childOf(type: MessageType, field: number): MessageType {
  const child = type.children[field];
  if (child === undefined) throw new TypeError(`no message in field ${field} of ${type.name}`);
  return child;
}

/** Where the texts of a message stand; what is not listed stands where its parent does. */
const scopes: Readonly<Record<string, TextScope>> = {
  Resource: "resource",
  InstrumentationScope: "scope",
  Metric: "metric",
  LogRecord: "name",
  Span: "name",
  SpanStatus: "status",
  SpanEvent: "event",
  SpanLink: "link",
  Exemplar: "exemplar",
};

/** Writes messages anew with other texts, all else as it was. */
class Rewriter {
  readonly #source: Source;
  readonly #editor: TextEditor;
  readonly #out: Writer;
  /** The message that all others are in. */
  readonly #root: MessageType;
  readonly #path: string[] = [];
  #scope: TextScope = "attributes";

  constructor(args: {
    readonly source: Source;
    readonly editor: TextEditor;
    readonly out: Writer;
    readonly root: MessageType;
  }) {
    this.#source = args.source;
    this.#editor = args.editor;
    this.#out = args.out;
    this.#root = args.root;
  }

  /** Writes the root but for children that are levels of their own; true when something changed. */
  rewrite(start: number, end: number): boolean {
    return this.#message(this.#root, start, end);
  }

  #message(type: MessageType, start: number, end: number): boolean {
    const { bytes } = this.#source;
    const outer = this.#scope;
    let changed = false;
    for (let pos = start; pos < end; ) {
      const next = afterField(bytes, pos);
      const field = type.fields[fieldNumber(bytes, pos)];
      this.#scope = scopes[type.name] ?? outer;
      if (field !== undefined && this.#field(type, field, pos, next)) changed = true;
      else if (field === undefined) this.#out.raw(bytes, pos, next);
      pos = next;
    }
    this.#scope = outer;
    return changed;
  }

  #field(type: MessageType, field: Field, pos: number, next: number): boolean {
    const { bytes } = this.#source;
    if (field.message?.role === role.data) return false;
    if (field.message !== undefined) {
      // Most attributes of a record have nothing that the others are looked through for (benchmark `verification`).
      if (type === this.#root && !this.#editor.wants(bytes.subarray(pos, next))) {
        this.#out.raw(bytes, pos, next);
        return false;
      }
      this.#scope = scopeOf(type, field, this.#scope);
      const mark = this.#out.open(field.number, next - pos);
      const inside =
        field.message.name === "KeyValue" ? this.#keyValue.bind(this) : this.#message.bind(this, field.message);
      const changed = inside(contentStart(bytes, pos), next);
      this.#out.close(mark);
      return changed;
    }
    const value = type.name === "AnyValue" ? this.#member(field, pos, next) : this.#text(field, pos, next);
    const replacement = value && this.#editor.edit(value, { scope: this.#scope, path: this.#path });
    if (replacement === undefined) {
      this.#out.raw(bytes, pos, next);
    } else if (typeof replacement === "string") {
      // The field of a string is 1 in AnyValue.
      this.#out.string(type.name === "AnyValue" ? 1 : field.number, replacement);
    } else {
      this.#out.bytesField(field.number, replacement);
    }
    return replacement !== undefined;
  }

  /** The name stays on the path while its value is visited: the name as it was. */
  #keyValue(start: number, end: number): boolean {
    const { bytes } = this.#source;
    const key = findField(bytes, start, end, 1);
    this.#path.push(key < 0 ? "" : this.#source.string(contentStart(bytes, key), afterField(bytes, key)));
    const changed = this.#message(keyValueType, start, end);
    this.#path.pop();
    return changed;
  }

  #text(field: Field, pos: number, next: number): TextValue | undefined {
    if (field.type !== "string" && field.type !== "bytes") return undefined;
    const { bytes } = this.#source;
    const kind = field.name === "key" ? "key" : field.type;
    return { kind, bytes: bytes.subarray(contentStart(bytes, pos), next) };
  }

  #member(field: Field, pos: number, next: number): TextValue | undefined {
    const { bytes, view } = this.#source;
    switch (field.type) {
      case "int64":
        return { kind: "int", int: readInt64(bytes, pos + 1) };
      case "double":
        return { kind: "double", double: view.getFloat64(pos + 1, true) };
      case "bool":
        return { kind: "bool" };
      default:
        return this.#text(field, pos, next);
    }
  }
}

const keyValueType = childOf(childOf(childOf(requestTypes.logs, 1), 1), 1);

/** Bodies and attributes of records, spans and points stand apart from their other texts. */
function scopeOf(type: MessageType, field: Field, own: TextScope): TextScope {
  if (field.name === "body") return "body";
  const isItem = type.name === "LogRecord" || type.name === "Span" || type.role === role.point;
  return isItem && field.name === "attributes" ? "attributes" : own;
}
