import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { never, settingsOf } from "./watch.ts";

describe("statements that are asked repeatedly", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(() => server.stop());

  async function asked<T>(work: (ask: (text: string) => Promise<readonly object[]>) => Promise<T>): Promise<T> {
    const { superuser: username, password } = server;
    const connection = new DatabaseConnection(settingsOf(server, { username, password }), "postgres");
    try {
      return await work((text) => connection.query(text, [], never));
    } finally {
      await connection.close();
    }
  }

  const prepared = "SELECT statement FROM pg_catalog.pg_prepared_statements WHERE statement LIKE '%thrice%'";

  it("are prepared by the second time", async () => {
    await asked(async (ask) => {
      for (let times = 0; times < 3; times++) expect(await ask("SELECT 1 AS thrice")).toEqual([{ thrice: 1 }]);
      await ask("SELECT 2 AS thrice_not");
      expect(await ask(prepared)).toEqual([{ statement: "SELECT /* dbintel */ 1 AS thrice" }]);
    });
  });

  it("answer with columns that came later", async () => {
    await server.query("CREATE TABLE things AS SELECT 1 AS a");
    await asked(async (ask) => {
      for (let times = 0; times < 3; times++) expect(await ask("SELECT * FROM public.things")).toEqual([{ a: 1 }]);
      await server.query("ALTER TABLE things ADD b int DEFAULT 2");
      for (let times = 0; times < 2; times++)
        expect(await ask("SELECT * FROM public.things")).toEqual([{ a: 1, b: 2 }]);
    });
  });

  it("answer where the session that prepared them has become another's", async () => {
    await asked(async (ask) => {
      for (let times = 0; times < 3; times++) await ask("SELECT 1 AS thrice");
      // What a pooler does to a session that it hands to somebody else.
      await ask("DEALLOCATE ALL");
      expect(await ask("SELECT 1 AS thrice")).toEqual([{ thrice: 1 }]);
      expect(await ask("SELECT 1 AS thrice")).toEqual([{ thrice: 1 }]);
      expect(await ask(prepared)).toEqual([]);
    });
  });
});
