/** What a statement of the load did, as the client that ran it knows. */
export interface Executed {
  calls: number;
  rows: number;
  /** From the first byte sent to the last received: more than the server's own time. */
  seconds: number;
}

/** A shop of four tables, for PostgreSQL as for MySQL; small, so that its statements are quick. */
export const shopSchema: readonly string[] = [
  "CREATE TABLE customers (id int PRIMARY KEY, name text, region int)",
  "CREATE TABLE products (id int PRIMARY KEY, price int, kind int)",
  "CREATE TABLE orders (id int PRIMARY KEY, customer int, day int)",
  "CREATE TABLE order_lines (order_id int, product int, pieces int)",
  rows("customers", 200, (i) => `${i}, 'customer ${i}', ${i % 7}`),
  rows("products", 50, (i) => `${i}, ${10 * i}, ${i % 5}`),
  rows("orders", 1000, (i) => `${i}, ${1 + (i % 200)}, ${i % 30}`),
  rows("order_lines", 3000, (i) => `${1 + (i % 1000)}, ${1 + (i % 50)}, ${i % 4}`),
];

function rows(table: string, number: number, row: (ordinal: number) => string): string {
  return `INSERT INTO ${table} VALUES ${Array.from({ length: number }, (_, index) => `(${row(index + 1)})`).join(", ")}`;
}

/** Each a shape of its own, and the name of each stands in its text as an alias, which nothing takes out. */
export const shopStatements = {
  customer: "SELECT name FROM customers AS customer WHERE id = $1",
  orders_of:
    "SELECT orders_of.id FROM orders AS orders_of JOIN customers c ON c.id = orders_of.customer WHERE c.id = $1",
  turnover:
    "SELECT sum(turnover.pieces * p.price) FROM orders o JOIN order_lines AS turnover ON turnover.order_id = o.id " +
    "JOIN products p ON p.id = turnover.product WHERE o.day = $1 % 30",
  regions:
    "SELECT regions.region, count(*) FROM customers AS regions JOIN orders o ON o.customer = regions.id " +
    "JOIN order_lines l ON l.order_id = o.id JOIN products p ON p.id = l.product WHERE p.kind = $1 % 5 " +
    "GROUP BY regions.region",
  reprice: "UPDATE products AS reprice SET price = price + 1 WHERE id = $1 % 50 + 1",
  add_line: "INSERT INTO order_lines SELECT $1 % 1000 + 1, 1, 1 FROM products AS add_line WHERE add_line.id = 1",
} as const;

/** The name of a statement of the load by its text, as a client or a server writes it. */
function statementOf(text: string, names: Iterable<string>): string | undefined {
  for (const name of names) if (new RegExp(`\\bAS \`?${name}\\b`).test(text)) return name;
  return undefined;
}

/** A session that runs the load somewhere. */
export interface LoadSession {
  /** Runs a statement in which `$1` is `parameter`; resolves with the rows that it returned or changed. */
  run(sql: string, parameter: number): Promise<number>;
  end(): Promise<unknown>;
}

/** Where a load runs, and as whom. */
export interface LoadTarget<Place> {
  /** One session for each place, opened when it is first needed. */
  connect(place: Place): Promise<LoadSession>;
  /** Names what is accounted for together. */
  nameOf(place: Place): string;
}

/** Runs statements of the shop and keeps account of them by place and statement. */
export class ShopLoad<Place, Name extends string> {
  readonly #target: LoadTarget<Place>;
  readonly #statements: Readonly<Record<Name, string>>;
  readonly #sessions = new Map<string, LoadSession>();
  /** By place and name. */
  readonly executed = new Map<string, Executed>();

  constructor(target: LoadTarget<Place>, statements: Readonly<Record<Name, string>>) {
    this.#target = target;
    this.#statements = statements;
  }

  /** Runs one statement `times` times, with other parameters each. */
  async run(name: Name, times: number, place: Place, parameter = 0): Promise<void> {
    const placeName = this.#target.nameOf(place);
    const session = this.#sessions.get(placeName) ?? (await this.#target.connect(place));
    this.#sessions.set(placeName, session);
    const account = accountOf(this.executed, `${placeName}/${name}`);
    for (let index = 0; index < times; index++) {
      const startMs = performance.now();
      account.rows += await session.run(this.#statements[name], parameter || index + 1);
      account.seconds += (performance.now() - startMs) / 1000;
      account.calls++;
    }
  }

  /** Runs a mix of the shop's statements: the first often, the last seldom. */
  async mix(rounds: number, place: Place): Promise<void> {
    const names = Object.keys(shopStatements) as Name[];
    for (let round = 0; round < rounds; round++) {
      for (const [index, name] of names.entries()) {
        if (round % (index + 1) === 0) await this.run(name, 1, place, 1 + round);
      }
    }
  }

  /** After a restart of the server, and at the end. */
  async disconnect(): Promise<void> {
    for (const session of this.#sessions.values()) await session.end().catch(() => {});
    this.#sessions.clear();
  }
}

/** The account of this name, opened when there is none. */
function accountOf(accounts: Map<string, Executed>, name: string): Executed {
  const account = accounts.get(name) ?? { calls: 0, rows: 0, seconds: 0 };
  accounts.set(name, account);
  return account;
}

/** In place of a statement, and of what else tells it apart: what an event sums. */
export const otherStatements = "other";

/** An event of top statements, as far as it is read here. */
interface ReportedEvent {
  text(name: string): string;
}

/** Adds up what events report of the load, by the names that `ShopLoad` uses. */
export function reportedLoad<Event extends ReportedEvent>(
  events: readonly Event[],
  dialect: {
    /** Names of the statements. */
    readonly statements: readonly string[];
    /** Where it was executed, without the statement. */
    readonly placeOf: (event: Event, isOther: boolean) => readonly string[];
    readonly executedOf: (event: Event) => Executed;
  },
): Map<string, Executed> {
  const sums = new Map<string, Executed>();
  for (const event of events) {
    const isOther = event.text("dbintel.delta.kind") === "other";
    const statement = isOther ? otherStatements : statementOf(event.text("db.query.text"), dialect.statements);
    if (statement === undefined) continue;
    const sum = accountOf(sums, [...dialect.placeOf(event, isOther), statement].join("/"));
    const { calls, rows, seconds } = dialect.executedOf(event);
    sum.calls += calls;
    sum.rows += rows;
    sum.seconds += seconds;
  }
  return sums;
}
