import type { Attributes, Cursor, Resource, Scope } from "./api.ts";
import { AttributesView } from "./attributes-view.ts";
import { CONTAINER, GROUP } from "./batch-index.ts";
import type { BatchState } from "./batch-state.ts";
import { LevelCursor } from "./cursor.ts";
import { getString, setString } from "./fields.ts";
import { ElementPlace } from "./place.ts";
import { afterField, contentStart, findField } from "./wire.ts";

/**
 * ResourceLogs, ResourceMetrics, ResourceSpans => resource(1) Resource, …, schema_url(3) STRING
 * Resource => attributes(1) [KeyValue], dropped_attributes_count(2) UINT32, entity_refs(3) [EntityRef]
 */
export class ResourceView implements Resource {
  readonly attributes: Attributes;
  readonly #place: ElementPlace;

  constructor(state: BatchState) {
    this.#place = new ElementPlace(state, GROUP);
    this.attributes = new AttributesView(this.#place, 1);
  }

  at(group: number): this {
    if (this.#place.element !== group) this.#place.moveTo(group);
    return this;
  }

  get ordinal(): number {
    return this.#place.element;
  }

  get schemaUrl(): string {
    return schemaUrl(this.#place);
  }
}

/**
 * ScopeLogs, ScopeMetrics, ScopeSpans => scope(1) InstrumentationScope, …, schema_url(3) STRING
 * InstrumentationScope => name(1) STRING, version(2) STRING, attributes(3) [KeyValue], dropped_attributes_count(4) UINT32
 */
export class ScopeView implements Scope {
  readonly attributes: Attributes;
  readonly #place: ElementPlace;

  constructor(state: BatchState) {
    this.#place = new ElementPlace(state, CONTAINER);
    this.attributes = new AttributesView(this.#place, 3);
  }

  at(container: number): this {
    if (this.#place.element !== container) this.#place.moveTo(container);
    return this;
  }

  get name(): string {
    return getString(this.#place, 1);
  }

  set name(value: string) {
    setString(this.#place, 1, value);
  }

  get version(): string {
    return getString(this.#place, 2);
  }

  set version(value: string) {
    setString(this.#place, 2, value);
  }

  get ordinal(): number {
    return this.#place.element;
  }

  get schemaUrl(): string {
    return schemaUrl(this.#place);
  }
}

/** Field 3 of the group or container itself, which no edit changes. */
function schemaUrl({ state, level, element }: ElementPlace): string {
  const { bytes } = state.source;
  const { start, end } = state.index.level(level);
  const pos = findField(bytes, start[element] as number, end[element] as number, 3);
  return pos < 0 ? "" : state.source.string(contentStart(bytes, pos), afterField(bytes, pos));
}

/** The resource and the scope of whatever a cursor stands on, looked up when asked for. */
export class Parents {
  readonly #state: BatchState;
  #resource: ResourceView | undefined;
  #scope: ScopeView | undefined;

  constructor(state: BatchState) {
    this.#state = state;
  }

  resourceOf(container: number): Resource {
    this.#resource ??= new ResourceView(this.#state);
    return this.#resource.at(this.#state.index.container.parent[container] as number);
  }

  scopeAt(container: number): Scope {
    this.#scope ??= new ScopeView(this.#state);
    return this.#scope.at(container);
  }
}

export class ResourceCursor extends LevelCursor implements Cursor, Resource {
  readonly #resource: ResourceView;

  constructor(state: BatchState) {
    super(state, GROUP);
    this.#resource = new ResourceView(state);
  }

  protected moved(): void {
    this.#resource.at(this.element);
  }

  get ordinal(): number {
    return this.element;
  }

  get attributes(): Attributes {
    return this.#resource.attributes;
  }

  get schemaUrl(): string {
    return this.#resource.schemaUrl;
  }
}

export class ScopeCursor extends LevelCursor implements Cursor, Scope {
  readonly #scope: ScopeView;
  readonly #parents: Parents;

  constructor(state: BatchState) {
    super(state, CONTAINER);
    this.#scope = new ScopeView(state);
    this.#parents = new Parents(state);
  }

  protected moved(): void {
    this.#scope.at(this.element);
  }

  get resource(): Resource {
    return this.#parents.resourceOf(this.element);
  }

  get ordinal(): number {
    return this.element;
  }

  get attributes(): Attributes {
    return this.#scope.attributes;
  }

  get name(): string {
    return this.#scope.name;
  }

  set name(value: string) {
    this.#scope.name = value;
  }

  get version(): string {
    return this.#scope.version;
  }

  set version(value: string) {
    this.#scope.version = value;
  }

  get schemaUrl(): string {
    return this.#scope.schemaUrl;
  }
}
