import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describeReceiverContract } from "@dbintel/pipeline/testing/contracts";
import { afterAll, beforeAll } from "vitest";
import { postgresql } from "../src/index.ts";

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(() => server.stop());

describeReceiverContract(postgresql, {
  config: () => ({
    endpoint: `${server.host}:${server.port}`,
    username: server.superuser,
    password: server.password,
    tls: { insecure: true },
    // Deadlines pass on the contract's clock, the server answers in real time.
    timeout: "1h",
  }),
  provoke: ({ clock }) => clock.advance(10_000),
});
