import { describe, expect, it } from "vitest";
import { databaseProblem, identifier } from "./problems.ts";

const context = { endpoint: "db.example.com:5432", username: "otel", database: "postgres" };

function failure(message: string, code?: string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

describe("databaseProblem", () => {
  it.each([
    ["connect ECONNREFUSED 10.0.0.1:5432", "ECONNREFUSED", "DBI_DATABASE_UNREACHABLE", true, "check endpoint"],
    ["getaddrinfo ENOTFOUND db.example.com", "ENOTFOUND", "DBI_DATABASE_UNREACHABLE", true, "check endpoint"],
    ["Connection terminated unexpectedly", undefined, "DBI_DATABASE_UNREACHABLE", true, "check endpoint"],
    [
      "Client has encountered a connection error and is not queryable",
      undefined,
      "DBI_DATABASE_UNREACHABLE",
      true,
      "check endpoint",
    ],
    ["password authentication failed", "28P01", "DBI_DATABASE_AUTHENTICATION", false, "pg_hba.conf"],
    ["no pg_hba.conf entry", "28000", "DBI_DATABASE_AUTHENTICATION", false, "pg_hba.conf"],
    ["database does not exist", "3D000", "DBI_DATABASE_UNREACHABLE", false, "connect_database"],
    ["permission denied for x", "42501", "DBI_DATABASE_PERMISSION", false, "GRANT pg_monitor TO otel;"],
    [
      "permission denied for schema My Tools",
      "42501",
      "DBI_DATABASE_PERMISSION",
      false,
      'ON SCHEMA "My Tools" TO otel;',
    ],
    ["sorry, too many clients already", "53300", "DBI_DATABASE_UNREACHABLE", true, "max_connections"],
    ["the database system is starting up", "57P03", "DBI_DATABASE_UNREACHABLE", true, "goes on by itself"],
    ["canceling statement due to lock timeout", "55P03", "DBI_TIMEOUT", true, "lock_timeout"],
    ["must be loaded via shared_preload_libraries", "55000", "DBI_DATABASE_EXTENSION", false, "ALTER SYSTEM SET"],
    ["unsupported startup parameter: options", "08P01", "DBI_DATABASE_POOLER", false, "pooler"],
    ["The server does not support SSL connections", undefined, "DBI_DATABASE_UNREACHABLE", false, "insecure: true"],
    [
      "There was an error establishing an SSL connection",
      undefined,
      "DBI_DATABASE_UNREACHABLE",
      true,
      "another program",
    ],
    ["certificate has expired", "CERT_HAS_EXPIRED", "DBI_DATABASE_UNREACHABLE", false, "has to be renewed there"],
    ["self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT", "DBI_DATABASE_UNREACHABLE", false, "tls.ca_file"],
    ["division by zero", "22012", "DBI_DATABASE_QUERY", true, "server's log"],
  ])("explains %j (%s)", (message, code, expected, retryable, hint) => {
    const problem = databaseProblem(failure(message, code), context);
    expect(problem).toMatchObject({ code: expected, retryable });
    expect(problem.hint).toContain(hint);
    expect(problem.message).toContain("db.example.com:5432");
    expect(problem.cause).toEqual(code === undefined ? undefined : { code });
  });

  it("takes the first of several attempts", () => {
    const attempts = new AggregateError([failure("connect ECONNREFUSED ::1:5432", "ECONNREFUSED")], "");
    expect(databaseProblem(attempts, context).message).toContain("ECONNREFUSED ::1:5432");
  });
});

it.each([
  ["otel", "otel"],
  ["Otel", '"Otel"'],
  ['a"b; drop', '"a""b; drop"'],
  ["1a", '"1a"'],
])("quotes %j as %s", (name, quoted) => {
  expect(identifier(name)).toBe(quoted);
});
