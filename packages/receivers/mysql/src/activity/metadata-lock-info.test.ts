import { expect, it } from "vitest";
import { lockInfoEdges, wantedLocks } from "./metadata-lock-info.ts";
import type { Session } from "./session.ts";

function waiting(processlistId: number, info: string, state = "Waiting for table metadata lock"): Session {
  return {
    ...{ threadId: BigInt(processlistId), processlistId, user: "app", host: "h", schema: "shop", command: "Query" },
    ...{ state, commandSeconds: 1, info, statement: undefined },
  };
}

const given = (session: number, mode: string, table = "orders", schema = "shop") => ({
  ...{ session, mode: `MDL_${mode}`, object_schema: schema, object_name: table },
});

const edges = (sessions: readonly Session[], rows: readonly ReturnType<typeof given>[]) =>
  lockInfoEdges(wantedLocks(sessions), rows).map(({ session, blocker, mode, relation }) => [
    ...[session, blocker, mode, relation],
  ]);

it("finds who is in the way by the tables of a statement and what they are wanted for", () => {
  const rows = [given(5, "SHARED_READ"), given(5, "SHARED_READ", "users"), given(6, "SHARED_UPGRADABLE")];
  const sessions = [
    waiting(6, "ALTER TABLE `orders` ADD COLUMN users int"),
    waiting(7, "SELECT * FROM shop.orders, users"),
    waiting(8, "DROP TABLE crm.orders"),
  ];
  expect(edges(sessions, rows)).toEqual([
    [6, 5, "EXCLUSIVE", "shop.orders"],
    [7, 6, "SHARED_READ", "shop.orders"],
  ]);
});

it("takes a name for a table's where nothing else tells what is waited for", () => {
  const sessions = [waiting(7, "RENAME TABLE orders TO `old``orders`"), waiting(8, "SELECT 1 FROM orders")];
  expect(edges(sessions, [given(5, "SHARED_READ")])).toEqual([
    [7, 5, "EXCLUSIVE", "shop.orders"],
    [8, 7, "SHARED_READ", "shop.orders"],
  ]);
});

it("knows what goes together: readers with a writer, nobody with a lock to write alone", () => {
  const sessions = [waiting(7, "SELECT 1 FROM orders"), waiting(8, "DELETE FROM orders")];
  expect(edges(sessions, [given(5, "SHARED_WRITE")])).toEqual([]);
  expect(edges(sessions, [given(5, "SHARED_NO_READ_WRITE")])).toEqual([
    [7, 5, "SHARED_READ", "shop.orders"],
    [8, 5, "SHARED_WRITE", "shop.orders"],
  ]);
});

it("looks at no session that waits for something else", () => {
  expect(wantedLocks([waiting(7, "SELECT 1 FROM orders", "Sending data")])).toEqual([]);
});
