import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "./cli.ts";

const sound = `receivers:
  otlp: { protocols: { http: { endpoint: "localhost:0" } } }
exporters:
  otlp_http: { endpoint: "http://localhost:4318", headers: { api-key: "\${env:KEY}" } }
service:
  pipelines:
    logs: { receivers: [otlp], exporters: [otlp_http] }
`;

describe("dbintel", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-cli-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(args: readonly string[], text?: string) {
    const printed: string[] = [];
    const errors: string[] = [];
    const file = join(folder, "collector.yaml");
    if (text !== undefined) await writeFile(file, text);
    const terminal = {
      env: { KEY: "the-licence-key" },
      columns: undefined,
      print: (line: string) => void printed.push(line),
      printError: (line: string) => void errors.push(line),
    };
    const code = await main([...args, ...(text === undefined ? [] : ["--config", file])], terminal);
    return { code, out: printed.join("\n"), err: errors.join("\n").replaceAll(`${folder}/`, "") };
  }

  it("validate is silent about a sound configuration", async () => {
    expect(await run(["validate", "--strict"], sound)).toEqual({ code: 0, out: "", err: "" });
  });

  it("validate lists findings as JSON", async () => {
    const { code, out } = await run(["validate", "--format", "json"], sound.replace("endpoint:", "endpont:"));
    expect(code).toBe(2);
    expect(JSON.parse(out)).toContainEqual(
      expect.objectContaining({
        severity: "error",
        suggestion: "endpoint",
        position: expect.objectContaining({ line: 2 }),
      }),
    );
  });

  it("explain-config tells where each value comes from, and no secret", async () => {
    const all = await run(["explain-config", "exporters.otlp_http", "--set", "exporters.otlp_http.timeout=7s"], sound);
    expect(all.code).toBe(0);
    const lines = all.out.replaceAll(`${folder}/`, "").split("\n");
    expect(lines).toContainEqual(expect.stringMatching(/^exporters\.otlp_http\.timeout +"7s" +--set:1:\d+$/));
    expect(lines).toContainEqual(expect.stringMatching(/\.endpoint +"http:\S+ +collector\.yaml:4:\d+$/));
    expect(lines).toContainEqual(expect.stringMatching(/\.api-key +"\[REDACTED\]" +.* from \$\{env:KEY\}$/));
    expect(lines).toContainEqual(expect.stringMatching(/\.compression +"gzip" +default$/));
    expect(all.out).not.toMatch(/the-licence-key|^receivers/m);
    const one = await run(["explain-config", "exporters.otlp_http.timeout", "--format", "json"], sound);
    expect(JSON.parse(one.out)).toEqual([expect.objectContaining({ origin: "default" })]);
    expect(await run(["explain-config", "exporters.otlp_htp"], sound)).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'nothing is in effect at "exporters.otlp_htp" (did you mean "exporters.otlp_http"?)',
      ),
    });
  });

  it("warns of a listener that strangers reach, and refuses it strictly", async () => {
    const open = sound.replace("localhost:0", "0.0.0.0:4318");
    const warning =
      "collector.yaml:2:42 receivers.otlp.protocols.http.endpoint: warning: listens on 0.0.0.0:4318 without TLS or authentication";
    const loose = await run(["validate"], open);
    expect(loose.code).toBe(0);
    expect(loose.err).toContain(warning);
    expect((await run(["validate", "--strict"], open)).code).toBe(2);
  });

  it("says what comes nearest to a component of another collector", async () => {
    const { err } = await run(
      ["validate"],
      sound.replace("otlp_http: {", "logging: {").replace(", exporters: [otlp_http]", ""),
    );
    expect(err).toContain(
      'collector.yaml:4:3 exporters.logging: unknown exporter type "logging"\n    it has become debug, with verbosity instead of loglevel',
    );
  });

  it("names an authenticator that does not run", async () => {
    const guarded = sound.replace("endpoint: ", "auth: {authenticator: basic_auth}, endpoint: ");
    const { code, err } = await run(["validate"], guarded);
    expect(code).toBe(2);
    expect(err).toContain('auth.authenticator: names the extension "basic_auth", which is not configured');
  });

  it("tells both places of two listeners on one address, of whatever component", async () => {
    const { code, err } = await run(
      ["validate"],
      `receivers:
  otlp: { protocols: { http: , grpc: { endpoint: "localhost:4318" } } }
exporters:
  prometheus: { endpoint: ":8888" }
extensions:
  admin: { endpoint: "localhost:13133" }
  health_check:
service:
  extensions: [admin, health_check]
  pipelines:
    metrics: { receivers: [otlp], exporters: [prometheus] }
`,
    );
    expect(code).toBe(2);
    expect(err.split("\n").filter((line) => line.includes("and so does"))).toEqual([
      "collector.yaml:2:50 receivers.otlp.protocols.grpc.endpoint: listens on localhost:4318, and so does receivers.otlp.protocols.http.endpoint at collector.yaml:2:24, its default",
      "collector.yaml:4:27 exporters.prometheus.endpoint: listens on 0.0.0.0:8888, and so does service.telemetry.metrics.readers[0].pull.exporter.prometheus at collector.yaml:8:1, its default, on localhost:8888",
      "collector.yaml:6:22 extensions.admin.endpoint: listens on localhost:13133, and so does extensions.health_check.endpoint at collector.yaml:7:3, its default",
    ]);
  });

  it("print-config fills in defaults and keeps secrets", async () => {
    const { code, out } = await run(["print-config", "--format", "json"], sound);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      exporters: { otlp_http: { headers: { "api-key": "[REDACTED]" }, compression: "gzip" } },
    });
    expect(out).not.toContain("the-licence-key");
  });

  it("--set wins over the files", async () => {
    const { out } = await run(["print-config", "--format", "json", "--set", "exporters.otlp_http.timeout=7s"], sound);
    expect(JSON.parse(out)).toMatchObject({ exporters: { otlp_http: { timeout: "7s" } } });
  });

  it("graph draws the pipelines", async () => {
    const { code, out } = await run(["graph"], sound);
    expect(code).toBe(0);
    expect(out).toMatch(/^flowchart LR\n {2}n0\(\["otlp"\]\)\n {2}n1\(\["otlp_http"\]\)/);
  });

  it("schema is a JSON Schema that knows every component", async () => {
    const { out } = await run(["schema"]);
    const schema: unknown = JSON.parse(out);
    expect(schema).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema" });
    expect(out).toContain("^postgresql/.+$");
    expect(out).toContain("^health_check/.+$");
  });

  it("components lists kinds, types and stability", async () => {
    const { out } = await run(["components", "--format", "json"]);
    expect(JSON.parse(out)).toContainEqual(
      expect.objectContaining({ kind: "exporter", type: "otlp_http", aliases: ["otlphttp"] }),
    );
  });

  it("check names the receivers that there are", async () => {
    expect(await run(["check", "postgres"], sound)).toMatchObject({
      code: 2,
      err: expect.stringContaining('no receiver "postgres" (it has: otlp)'),
    });
  });

  it.each([
    [["validate"], /required option '-c, --config <source>'/],
    [["explode"], /unknown command 'explode'/],
    [["validate", "--config", "f", "--colour"], /unknown option '--colour'/],
    [["validate", "--confg", "f"], /unknown option '--confg'\n\(Did you mean --config\?\)/],
    [["valdate", "--config", "f"], /unknown command 'valdate'\n\(Did you mean validate\?\)/],
    [["dlq", "shwo", "3f2a"], /unknown command 'shwo'\n\(Did you mean show\?\)/],
    [["run", "f.yaml"], /'run' takes no argument 'f.yaml'\n\(Did you mean --config f.yaml\?\)/],
    [["graph", "f"], /'graph' takes no argument 'f'$/m],
    [["--config", "f.yaml"], /unknown option '--config'.*a command comes first: dbintel run --config/s],
    [
      ["run", "--config", "f", "--stop-timeout", "30"],
      /'--stop-timeout <duration>' argument '30' .* with a unit, such as/,
    ],
    [["run", "--config", "f", "--watch", "0"], /'--watch \[interval\]' argument '0' .* with a unit of 1ms or more/],
    [["doctor", "--config", "f", "--timeout", "-1s"], /'--timeout <duration>' argument '-1s'/],
    [["top", "--interval", "5ms"], /'--interval <duration>' argument '5ms' .* of 100ms or more/],
    [["tap", "--limit", "many"], /'-n, --limit <records>' argument 'many' .* a whole number of 1 or more/],
    [["tap", "--seconds", "0"], /'--seconds <seconds>' argument '0'/],
  ])("%j is a bad command line: exit 2", async (args, message) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it("--help has an example for every command", async () => {
    for (const command of ["run", "validate", "check", "doctor", "print-config", "graph", "schema", "components"]) {
      const { code, out } = await run([command, "--help"]);
      expect(code).toBe(0);
      expect(out, command).toContain(`Example:\n  dbintel ${command}`);
    }
  });
});
