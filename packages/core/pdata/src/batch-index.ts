/**
 * Where everything lies in the bytes of a request, level by level:
 *
 *   logs, traces   0 group (ResourceLogs)     1 container (ScopeLogs)     2 log record or span
 *   metrics        0 group (ResourceMetrics)  1 container (ScopeMetrics)  2 metric   3 data point
 *
 * A level is a struct of arrays; the elements stand in document order, so the children of one parent are neighbours.
 */

const initialCapacity = 64;

function grown(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const result = new Int32Array(capacity);
  result.set(column);
  return result;
}

/** The frames of one level. The columns behind `parent` are only filled on levels that have children. */
export class Level {
  count = 0;
  /** Position of the tag. */
  head = new Int32Array(initialCapacity);
  /** Position of the content. */
  start = new Int32Array(initialCapacity);
  /** Position behind the content. */
  end = new Int32Array(initialCapacity);
  /** Element of the level above that holds this one; 0 on level 0. */
  parent = new Int32Array(initialCapacity);
  /** First element of the level below; the next element's `first` ends the range. */
  first: Int32Array;
  /**
   * The message inside that is no child: the Resource of a group, the InstrumentationScope of a container, the data
   * (Gauge, Sum …) of a metric. Where there is none, all three equal `start`: the place at which one is inserted.
   */
  innerHead: Int32Array;
  innerStart: Int32Array;
  innerEnd: Int32Array;
  /** On the level of metrics: the field number of the data, 0 when there is none. */
  dataField: Int32Array;
  readonly #isParent: boolean;

  constructor(isParent: boolean) {
    this.#isParent = isParent;
    const capacity = isParent ? initialCapacity : 0;
    this.first = new Int32Array(capacity);
    this.innerHead = new Int32Array(capacity);
    this.innerStart = new Int32Array(capacity);
    this.innerEnd = new Int32Array(capacity);
    this.dataField = new Int32Array(capacity);
  }

  add(head: number, start: number, end: number, parent: number, first: number): void {
    const at = this.count++;
    if (at + 1 >= this.head.length) this.#grow();
    this.head[at] = head;
    this.start[at] = start;
    this.end[at] = end;
    this.parent[at] = parent;
    if (!this.#isParent) return;
    this.first[at] = first;
    this.innerHead[at] = start;
    this.innerStart[at] = start;
    this.innerEnd[at] = start;
  }

  /** Notes the inner message of the element added last. */
  setInner(head: number, start: number, end: number): void {
    const at = this.count - 1;
    this.innerHead[at] = head;
    this.innerStart[at] = start;
    this.innerEnd[at] = end;
  }

  #grow(): void {
    const capacity = this.head.length * 2;
    this.head = grown(this.head, capacity);
    this.start = grown(this.start, capacity);
    this.end = grown(this.end, capacity);
    this.parent = grown(this.parent, capacity);
    if (!this.#isParent) return;
    this.first = grown(this.first, capacity);
    this.innerHead = grown(this.innerHead, capacity);
    this.innerStart = grown(this.innerStart, capacity);
    this.innerEnd = grown(this.innerEnd, capacity);
    this.dataField = grown(this.dataField, capacity);
  }
}

/** The level of groups, of containers, of items (records, spans, metrics), of data points. */
export const GROUP = 0;
export const CONTAINER = 1;
export const ITEM = 2;
export const POINT = 3;

export class BatchIndex {
  readonly group = new Level(true);
  readonly container = new Level(true);
  readonly item: Level;
  readonly point = new Level(false);
  readonly levels: readonly Level[];
  /** The level of what `count` counts: ITEM, or POINT for metrics. */
  readonly leaf: number;

  constructor(leaf: number) {
    this.leaf = leaf;
    this.item = new Level(leaf !== ITEM);
    this.levels = [this.group, this.container, this.item, this.point];
  }

  level(number: number): Level {
    return this.levels[number] as Level;
  }

  /** Ends the `first` columns with the number of children, so that `first[i + 1]` always exists. */
  seal(): void {
    this.group.first[this.group.count] = this.container.count;
    this.container.first[this.container.count] = this.item.count;
    if (this.leaf === POINT) this.item.first[this.item.count] = this.point.count;
  }
}
