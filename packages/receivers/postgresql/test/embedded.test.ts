import { eventually } from "@dbintel/e2e/condition";
import { startPostgres } from "@dbintel/e2e/servers";
import { createPipeline } from "@dbintel/pipeline";
import { Sink } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { postgresql } from "../src/index.ts";

it("tells an application of its own in callbacks, and leaves no session behind when it is stopped", async () => {
  await using server = await startPostgres();
  const [metrics, logs] = [new Sink<"metrics">(), new Sink<"logs">()];
  const pipeline = createPipeline({
    receivers: [
      postgresql({
        endpoint: `${server.host}:${server.port}`,
        username: server.superuser,
        password: server.password,
        tls: { insecure: true },
        collection_interval: "1s",
        // A poll may take longer on a busy machine.
        timeout: "1m",
        initial_delay: "10ms",
      }),
    ],
    exporter: { metrics, logs },
  });
  await pipeline.start();
  const names = () => metrics.batches.flatMap((batch) => Array.from(batch.metrics(), ({ name }) => name));
  await eventually("metrics arrive", () => names().includes("postgresql.backends") || undefined);
  expect(await pipeline.stop()).toEqual([]);
  const [receiver] = pipeline.accounting().filter(({ id }) => id === "postgresql");
  const { sent, held, refused } = receiver?.ledger.of("metrics") ?? {};
  expect({ sent, held, refused }).toEqual({ sent: metrics.items, held: 0, refused: 0 });
  const ours = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'dbintel%'";
  await eventually("no session is left", async () => {
    const [row] = await server.query(ours);
    return row?.n === 0 || undefined;
  });
});
