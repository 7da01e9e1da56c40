import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runDbintel } from "../harness/dbintel-process.ts";

/** The smallest configuration that runs, to be broken. */
const sound = `receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } }
exporters:
  nop:
service:
  pipelines:
    logs: { receivers: [otlp], exporters: [nop] }
`;

describe("a bad configuration ends with exit 2 and every error at its position", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-bad-input-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(text: string, ...more: string[]) {
    const file = join(folder, "collector.yaml");
    await writeFile(file, text);
    const { code, stderr } = await runDbintel(["run", "--config", file, ...more]);
    return { code, errors: stderr.replaceAll(`${folder}/`, "") };
  }

  it.each([
    [
      "an unknown key, with the known one that is closest",
      sound.replace("endpoint:", "endpont:"),
      [/collector\.yaml:2:\d+ receivers\.otlp\.protocols\.http.*endpont.*did you mean "endpoint"/],
    ],
    [
      "a wrong type",
      sound.replace('"127.0.0.1:0"', "[1, 2]"),
      [/collector\.yaml:2:\d+ receivers\.otlp\.protocols\.http\.endpoint: /],
    ],
    [
      "a dangling reference",
      sound.replace("receivers: [otlp]", "receivers: [otlpp]"),
      [/collector\.yaml:7:\d+ .*otlpp/],
    ],
    [
      "a cycle through connectors",
      `${sound
        .replace("service:", "connectors:\n  forward/a:\n  forward/b:\nservice:")
        .replace(
          "exporters: [nop] }",
          "exporters: [nop] }\n    logs/a: { receivers: [forward/a], exporters: [forward/b] }",
        )}    logs/b: { receivers: [forward/b], exporters: [forward/a] }\n`,
      [/collector\.yaml:\d+:\d+ .*circle.*forward\/a/],
    ],
    [
      "a duplicate id",
      sound.replace("exporters:\n  nop:", "exporters:\n  nop:\n  nop:"),
      [/collector\.yaml:5:\d+: duplicate key "nop"/],
    ],
    [
      "an unset variable",
      sound.replace("127.0.0.1:0", "$" + "{env:DBINTEL_TEST_UNSET}"),
      [/collector\.yaml:2:\d+ .*DBINTEL_TEST_UNSET/],
    ],
    [
      "YAML that does not parse",
      sound.replace("exporters:\n  nop:", "exporters:\n  nop: {"),
      [/collector\.yaml:\d+:\d+/],
    ],
    [
      "an unknown component",
      sound.replace("  nop:\n", "  nopp:\n"),
      [/collector\.yaml:4:\d+ exporters\.nopp.*did you mean "nop"/],
    ],
  ])("%s", async (_name, text, expected) => {
    const { code, errors } = await run(text);
    expect(code).toBe(2);
    for (const pattern of expected) expect(errors).toMatch(pattern);
  });

  it("a file that cannot be read", async () => {
    const { code, stderr } = await runDbintel(["run", "--config", join(folder, "missing.yaml")]);
    expect(code).toBe(2);
    expect(stderr).toContain("missing.yaml");
  });

  it("several at once", async () => {
    const broken = sound.replace("endpoint:", "endpont:").replace("exporters: [nop]", "exporters: [nope]");
    const { code, errors } = await run(broken);
    expect(code).toBe(2);
    expect(errors).toContain("collector.yaml:2:");
    expect(errors).toContain("collector.yaml:7:");
  });

  it("never shows the value of a variable or of a secret", async () => {
    const file = join(folder, "secret.yaml");
    await writeFile(
      file,
      `receivers:\n  postgresql: { endpoint: "h:1", username: u, password: [hunter2], tls: { insecure: "\${env:TEST_VALUE}" } }\n`,
    );
    await chmod(file, 0o600);
    const { code, stderr } = await runDbintel(["validate", "--config", file], { TEST_VALUE: "s3cret-value" });
    expect(code).toBe(2);
    expect(stderr).toContain("receivers.postgresql.password");
    expect(stderr).not.toMatch(/hunter2|s3cret-value/);
  });

  it("a port that is taken is a failure that says so, not a bad configuration", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, errors } = await run(
      sound.replace("127.0.0.1:0", `127.0.0.1:${port}`),
      "--set",
      "service.telemetry.metrics.level=none",
    );
    taken.close();
    expect(code).toBe(1);
    expect(errors).toContain(`cannot listen on 127.0.0.1:${port}: EADDRINUSE (DBI_COMPONENT_START)`);
    expect(errors).toContain("choose another port in protocols.http.endpoint");
  });
});
