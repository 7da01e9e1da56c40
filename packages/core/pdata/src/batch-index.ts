/**
 * Where everything lies in the bytes of a request, level by level:
 *
 *   logs, traces   0 group (ResourceLogs)     1 container (ScopeLogs)     2 log record or span
 *   metrics        0 group (ResourceMetrics)  1 container (ScopeMetrics)  2 metric   3 data point
 *
 * A level is a struct of arrays; the elements stand in document order, so the children of one parent are neighbours.
 */

const initialCapacity = 16;
const growth = 4;

const nothing = new Int32Array(0);

/** The frames of one level. The columns behind `parent` are only filled on levels that have children. */
export class Level {
  count = 0;
  /** Position of the tag. */
  head = nothing;
  /** Position of the content. */
  start = nothing;
  /** Position behind the content. */
  end = nothing;
  /** Element of the level above that holds this one; 0 on level 0. */
  parent = nothing;
  /** First element of the level below; the next element's `first` ends the range. */
  first = nothing;
  /**
   * The message inside that is no child: the Resource of a group, the InstrumentationScope of a container, the data
   * (Gauge, Sum …) of a metric. Where there is none, all three equal `start`: the place at which one is inserted.
   */
  innerHead = nothing;
  innerStart = nothing;
  innerEnd = nothing;
  /** On the level of metrics: the field number of the data, 0 when there is none. */
  dataField = nothing;
  readonly #isParent: boolean;

  constructor(isParent: boolean) {
    this.#isParent = isParent;
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

  /** All columns lie in one buffer: a buffer costs more than what most requests have to be noted. */
  #grow(): void {
    const capacity = Math.max(initialCapacity, this.head.length * growth);
    const { buffer } = new Int32Array(capacity * (this.#isParent ? 9 : 4));
    let columns = 0;
    const grown = (column: Int32Array) => {
      const result = new Int32Array(buffer, columns++ * capacity * Int32Array.BYTES_PER_ELEMENT, capacity);
      result.set(column);
      return result;
    };
    this.head = grown(this.head);
    this.start = grown(this.start);
    this.end = grown(this.end);
    this.parent = grown(this.parent);
    if (!this.#isParent) return;
    this.first = grown(this.first);
    this.innerHead = grown(this.innerHead);
    this.innerStart = grown(this.innerStart);
    this.innerEnd = grown(this.innerEnd);
    this.dataField = grown(this.dataField);
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
