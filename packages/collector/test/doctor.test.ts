import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doctor, type findings } from "./doctor.ts";

const password = "s3cr3t-0f-doctor";

const receiver = (endpoint: string, user: string) =>
  `{endpoint: "${endpoint}", username: ${user}, password: ${password}, tls: {insecure: true}}`;

const config = (...receivers: readonly string[]) => `
receivers:
${receivers.map((settings, at) => `  postgresql/${at}: ${settings}`).join("\n")}
exporters: { nop: }
service:
  pipelines:
    metrics: { receivers: [${receivers.map((_, at) => `postgresql/${at}`).join(", ")}], exporters: [nop] }
`;

describe("doctor", () => {
  it("gives up a server that takes connections and says nothing, and tells the others in their order", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    try {
      const yaml = config(receiver(`127.0.0.1:${port}`, "otel"), receiver("127.0.0.1:9", "otel"));
      const { code, out, err } = await doctor(yaml, "--timeout", "5s", "--format", "json");
      expect({ code, err }).toEqual({ code: 1, err: "" });
      const { subjects } = JSON.parse(out) as Awaited<ReturnType<typeof findings>>;
      const failed = subjects.map(({ component, findings: found }) => [
        component,
        found.filter(({ status }) => status === "fail").map((finding) => finding.code),
      ]);
      expect(failed).toEqual([
        ["receiver postgresql/0", ["DOCTOR-002"]],
        ["receiver postgresql/1", ["PG-CONN-001"]],
      ]);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it("tells what it cannot follow, and has a script that says that there is nothing to run", async () => {
    const yaml = config(receiver("127.0.0.1:9", "otel")).replace(
      'endpoint: "127.0.0.1:9"',
      "instances_file: /nowhere/instances.yaml",
    );
    const { code, out } = await doctor(yaml);
    expect(code).toBe(1);
    expect(out).toMatch(/fail +DOCTOR-001 .*\/nowhere\/instances\.yaml/);
    const script = (await doctor(yaml, "--fix-sql")).out.split("\n");
    expect(script.slice(0, 3)).toEqual(["-- nothing to repair by SQL", "", "-- What fails and no SQL repairs:"]);
    expect(script.slice(3)).toEqual([
      expect.stringMatching(/^-- {3}receiver postgresql\/0: DOCTOR-001 .*\/nowhere\/instances\.yaml/),
    ]);
  });

  it("refuses a configuration that cannot run, and a timeout that is none", async () => {
    expect((await doctor("receivers: {nothing: }")).code).toBe(2);
    expect(await doctor(config(receiver("127.0.0.1:9", "otel")), "--timeout", "soon")).toMatchObject({
      code: 2,
      err: expect.stringContaining("'--timeout <duration>' argument 'soon' is invalid"),
    });
  });
});

describePostgres(18, "doctor", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    await server.query(`CREATE ROLE otel LOGIN PASSWORD '${password}'`);
    await server.query(String.raw`CREATE DATABASE "evil${"\u001b"}[2J
\! touch /tmp/dbintel-was-here"`);
    await server.query(`CREATE DATABASE "${password}"`);
  });
  afterAll(() => server?.stop());

  it("prints no secret and nothing that steers a terminal or a client, whatever databases are called", async () => {
    const endpoint = `127.0.0.1:${server.port}`;
    const yaml = config(receiver(endpoint, "otel")).replace("metrics:", "logs:");
    for (const args of [[], ["--fix-sql"], ["--format", "json"]]) {
      const { out } = await doctor(yaml, ...args);
      expect(out).not.toContain(password);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      expect(out).not.toMatch(/^\\!/m);
      if (args.length === 0) expect(out).toContain("evil\ufffd[2J \\! touch");
    }
  });
});
