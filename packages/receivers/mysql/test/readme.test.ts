import { readFile } from "node:fs/promises";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { type Check, loneHost, systemEnvironment } from "@dbintel/pipeline";
import { expect, it } from "vitest";
import { mysql } from "../src/index.ts";
import { never } from "./watch.ts";

const password = "readme-password-1";
const readme = readFile(new URL("../README.md", import.meta.url), "utf8");

/** The lines of the first block of a language, without comments. */
async function block(language: "sql" | "ini"): Promise<readonly string[]> {
  const [, text = ""] = new RegExp(`\\\`\\\`\\\`${language}\\n(.*?)\\\`\\\`\\\``, "s").exec(await readme) ?? [];
  return text.split("\n").map((line) => line.replace(/\s+(?:--|#) .*$/, ""));
}

/** What doctor finds that somebody has to do, after an administrator has done what the README says. */
async function lacking(server: MysqlServer, statements: readonly string[]): Promise<readonly Check[]> {
  await server.query("CREATE DATABASE shop");
  for (const sql of statements) await server.query(sql.replace("…", password));
  const login = { endpoint: `${server.host}:${server.port}`, username: "otel", password, tls: { insecure: true } };
  // What polls cost depends on how busy the machine of the test is, and not on what was done.
  const { definition, config } = mysql({ ...login, budget: { max_database_share: "100%" } });
  const signals = ["logs", "metrics"] as const;
  const [subject] = (await definition.diagnosis?.subjects({ id: "mysql", config, signals })) ?? [];
  const found: Check[] = [];
  for await (const check of subject?.examine({ host: loneHost(systemEnvironment()), signal: never }) ?? []) {
    found.push(check);
  }
  expect(found.some(({ code }) => code === "MY-GRANT-001")).toBe(true);
  return found.filter(({ status }) => status === "warn" || status === "fail");
}

const grants = async () => (await block("sql")).filter((line) => line !== "");

describeOwnMysql("what the README has an administrator do", () => {
  it("is all that the user needs", async () => {
    await using server = await startMysql({ own: true });
    const found = await lacking(server, await grants());
    expect(found.filter(({ code }) => code.startsWith("MY-GRANT"))).toEqual([]);
  });
});

describeMariadb("what the README has an administrator do", () => {
  it("is all that the user needs, and all that the server has to measure", async () => {
    const lines = (await block("ini")).map((line) => /^([\w-]+) = (.+)$/.exec(line) ?? []);
    const settings = lines.flatMap(([, name, value = ""]) =>
      name === undefined ? [] : [[name, value.replaceAll("'", "")]],
    );
    expect(settings.length).toBeGreaterThan(4);
    await using server = await startMariadb(Object.fromEntries(settings));
    const [replication = ""] = /GRANT REPLICA MONITOR[^;]+;/.exec(await readme) ?? [];
    const others = (await grants()).filter((line) => !line.includes("REPLICATION CLIENT"));
    expect(await lacking(server, [...others, replication])).toEqual([]);
  });
});
