import { execFile } from "node:child_process";
import { access, cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess, runDbintel } from "../harness/dbintel-process.ts";
import { deployed, imageFiles, repository, selectors, unitSettings } from "../harness/deployment.ts";
import { freePort } from "../harness/free-port.ts";

const configFile = join(repository, "deploy/kubernetes/config.yaml");
const dockerfile = await deployed("container/Dockerfile");
const statefulSet = await deployed("kubernetes/statefulset.yaml");
const config = await deployed("kubernetes/config.yaml");
const rules = await deployed("alerts/dbintel.yaml");
const runbook = await deployed("RUNBOOK.md");

/** What the pod has in its environment. */
const podEnvironment = Object.fromEntries([
  ...[...statefulSet.matchAll(/\{name: (\w+), value: "([^"]+)"\}/g)].map(([, name = "", value = ""]) => [name, value]),
  ...[...statefulSet.matchAll(/- name: (\w+)\n\s+valueFrom:/g)].map(([, name = ""]) => [name, "from-the-secret"]),
]);

function seconds(text: string | undefined): number {
  return Number(/^(\d+)s?$/.exec(text ?? "")?.[1]);
}

/** What follows a flag in the words of a command. */
function after(flag: string, words: readonly string[]): string | undefined {
  return words[words.indexOf(flag) + 1];
}

async function flagsOfRun(): Promise<string> {
  return (await runDbintel(["run", "--help"])).stdout;
}

describe("the service of systemd", async () => {
  const unit = await deployed("systemd/dbintel.service");
  const settings = unitSettings(unit);
  const settingOf = (name: string) => settings.find(([each]) => each === name)?.[1] ?? "";

  it("runs the command with flags that it has, and kills it later than it stops by itself", async () => {
    const [program = "", ...words] = settingOf("ExecStart").split(" ");
    await access(join(repository, program.replace("/opt/dbintel/", "")));
    const help = await flagsOfRun();
    for (const flag of words.filter((word) => word.startsWith("--"))) expect(help).toContain(flag);
    expect(seconds(settingOf("TimeoutStopSec"))).toBeGreaterThan(seconds(after("--stop-timeout", words)));
    for (const [, file = ""] of settingOf("Documentation").matchAll(/file:\/\/\/opt\/dbintel\/(\S+)/g)) {
      await access(join(repository, file));
    }
  });

  it("is not started again with a configuration that is bad", async () => {
    const { code } = await runDbintel(["run", "--config", "yaml:receivers: {}"]);
    expect(String(code)).toBe(settingOf("RestartPreventExitStatus"));
  });

  it("is understood by systemd, where that is on the machine", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dbintel-unit-"));
    const file = join(folder, "dbintel.service");
    await writeFile(file, unit.replaceAll("/opt/dbintel/", repository));
    // What is not there says nothing; what is there says nothing either when all is well.
    const said = await promisify(execFile)("systemd-analyze", ["verify", "--man=no", file]).then(
      ({ stdout, stderr }) => stdout + stderr,
      (error: { readonly code?: unknown; readonly stderr?: string }) => (error.code === "ENOENT" ? "" : error.stderr),
    );
    await rm(folder, { recursive: true });
    expect(said).toBe("");
  });
});

/** What the Dockerfile puts into the image, from here. */
let image: string;
beforeAll(async () => {
  image = await mkdtemp(join(tmpdir(), "dbintel-image-"));
  for (const { from, to } of imageFiles(dockerfile)) {
    await mkdir(dirname(join(image, to)), { recursive: true });
    // What runs from the checkout meanwhile writes what it compiled.
    const filter = (path: string) => !path.includes(".compile-cache");
    await cp(join(repository, from), join(image, to), { recursive: true, filter });
  }
});
afterAll(() => rm(image, { recursive: true, force: true }));

describe("the image and what runs it in Kubernetes", () => {
  const run = (...args: readonly string[]) =>
    promisify(execFile)(join(image, "bin/dbintel"), args, { env: { ...process.env, ...podEnvironment } });

  it("has all files that the program needs, and its version", async () => {
    const { stdout } = await run("--version");
    expect(statefulSet).toContain(`image: dbintel:${stdout.trim()}\n`);
    // The one native module, which components load when a setting has a pattern.
    const script = 'process.stdout.write(String(new (require("re2"))("a+").test("caat")))';
    expect((await promisify(execFile)(process.execPath, ["-e", script], { cwd: image })).stdout).toBe("true");
  });

  it("takes the configuration with what the pod has in its environment", async () => {
    const { stderr } = await run("validate", "--config", configFile);
    // The probes come from another address than localhost; nothing else is open.
    expect(stderr.match(/warning: .*/g)).toEqual(["warning: listens on 0.0.0.0:13133 without TLS or authentication"]);
    expect((await run("print-config", "--config", configFile)).stdout).not.toContain("from-the-secret");
  });

  it("agrees on users, ports, paths, flags and times", async () => {
    const words = /args: \[(.*)\]/.exec(statefulSet)?.[1]?.split(", ") ?? [];
    const help = await flagsOfRun();
    for (const flag of words.filter((word) => word.startsWith("--"))) expect(help).toContain(flag);
    const grace = /terminationGracePeriodSeconds: (\d+)/.exec(statefulSet)?.[1];
    expect(seconds(grace)).toBeGreaterThan(seconds(after("--stop-timeout", words)));
    expect(after("--config", words)).toBe(/CMD .*"([^"]+)"\]/.exec(dockerfile)?.[1]);
    expect(/USER (\d+):/.exec(dockerfile)?.[1]).toBe(/runAsUser: (\d+)/.exec(statefulSet)?.[1]);

    const state = /ENV STATE_DIRECTORY=(\S+)/.exec(dockerfile)?.[1] ?? "";
    expect(statefulSet).toContain(`{name: state, mountPath: ${state}}`);
    expect(config).toContain(`directory: ${state}/`);
    const secrets = /\{name: secrets, mountPath: ([^,]+),/.exec(statefulSet)?.[1] ?? "";
    const secret = /password_file: (.*)/.exec(config)?.[1] ?? "";
    expect(secret.startsWith(`${secrets}/`)).toBe(true);
    expect(statefulSet).toContain(`path: ${secret.slice(secrets.length + 1)}}`);

    const open = [...config.matchAll(/0\.0\.0\.0(?::|\n\s+port: )(\d+)/g)].map(([, port]) => port).toSorted();
    expect([...statefulSet.matchAll(/containerPort: (\d+)/g)].map(([, port]) => port).toSorted()).toEqual(open);
    for (const port of open) expect(dockerfile).toMatch(new RegExp(`^EXPOSE .*\\b${port}\\b`, "m"));
  });
});

/** Names that the code gives to metrics; those of the memory limiter are put together of parts. */
async function namesInCode(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const file of glob("packages/*/*/src/**/*.ts", { cwd: repository })) {
    const text = await readFile(join(repository, file), "utf8");
    for (const [, name = ""] of text.matchAll(/"((?:otelcol|dbintel)_\w+)"/g)) names.add(name);
    if (!/`otelcol_processor_memory_limiter_\$\{outcome\}_\$\{itemNames/.test(text)) continue;
    for (const items of ["log_records", "metric_points", "spans"]) {
      names.add(`otelcol_processor_memory_limiter_refused_${items}`);
    }
  }
  return names;
}

describe("alerts and runbook", () => {
  let folder: string;
  let dbintel: DbintelProcess;
  let inCode: ReadonlySet<string>;
  let scraped = "";
  const ports = { health: 0, metrics: 0, admin: 0 };

  beforeAll(async () => {
    inCode = await namesInCode();
    folder = await mkdtemp(join(tmpdir(), "dbintel-deployment-"));
    await writeFile(join(folder, "password"), "not-a-password");
    for (const name of ["health", "metrics", "admin"] as const) ports[name] = await freePort();
    const settings = {
      "receivers.postgresql.password_file": join(folder, "password"),
      "receivers.postgresql.tls.insecure": "true",
      "receivers.postgresql.collection_interval": "100ms",
      "receivers.postgresql.initial_delay": "0s",
      "extensions.file_storage.directory": join(folder, "state"),
      "extensions.health_check.endpoint": `127.0.0.1:${ports.health}`,
      "extensions.admin.endpoint": `127.0.0.1:${ports.admin}`,
      "service.telemetry.metrics.readers": `[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${ports.metrics}}}}}]`,
    };
    const set = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    const env = {
      ...podEnvironment,
      POSTGRES_ENDPOINT: `127.0.0.1:${await freePort()}`,
      OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    };
    // The program of the image in place of the checkout's.
    const ofImage = ["sh", "-c", 'shift; exec "$0" "$@"', join(image, "bin/dbintel")];
    dbintel = new DbintelProcess(["run", "--config", configFile, ...set], env, ofImage);
    scraped = await eventually("a poll of a database that is not there has failed", async () => {
      if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
      const response = await fetch(`http://127.0.0.1:${ports.metrics}/metrics`).catch(() => undefined);
      const text = (await response?.text()) ?? "";
      return text.includes('outcome="failed"') ? text : undefined;
    });
  });
  afterAll(async () => {
    await dbintel[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** The series of a metric, each with the labels that Prometheus gives to it. */
  function series(metric: string): readonly ReadonlyMap<string, string>[] {
    const lines = scraped.split("\n").filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
    return lines.map(
      (line) =>
        new Map(
          [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = "", value = ""]) => [
            label === "instance" ? "exported_instance" : label,
            value,
          ]),
        ),
    );
  }

  it("ask for metrics and labels that there are", async () => {
    const asked = selectors(rules);
    expect(asked.length).toBeGreaterThan(15);
    for (const { metric, matchers } of asked) {
      const found = series(metric);
      // What has not happened to this collector has no series yet.
      if (found.length === 0) expect([...inCode], metric).toContain(metric);
      for (const { label, operator, value } of found.length === 0 ? [] : matchers) {
        const values = new Set(found.map((labels) => labels.get(label)));
        // Of these labels every value is always there; of others those that have happened.
        const complete = label === "state" || label === "quantile";
        const wanted = complete && operator === "=~" ? value.split("|") : complete ? [value] : [];
        expect([...values], `${metric} by ${label}`).not.toContain(undefined);
        for (const each of wanted) expect([...values], `${metric} by ${label}`).toContain(each);
      }
    }
    const grouped = series("dbintel_receiver_instance_up").map((labels) => labels.get("exported_instance"));
    expect(new Set(grouped).size).toBe(1);
    expect(grouped).not.toContain(undefined);
  });

  it("have a section for each alert, and name commands, metrics and files that there are", async () => {
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    const sections = [...runbook.matchAll(/^## (Dbintel\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(alerts);
    const help = (await runDbintel(["--help"])).stdout;
    for (const [, command = ""] of runbook.matchAll(/\bdbintel ([a-z-]+)/g))
      expect(help).toMatch(new RegExp(`^ +${command}\\b`, "m"));
    for (const [, metric = ""] of runbook.matchAll(/`((?:dbintel|otelcol)_\w+)`/g)) {
      expect(series(metric).length > 0 || inCode.has(metric), metric).toBe(true);
    }
    for (const page of ["README.md", "RUNBOOK.md"]) {
      for (const [, path = ""] of (await deployed(page)).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        await access(join(repository, "deploy", path));
      }
    }
  });

  it("name every reason for which an exporter gives data up", async () => {
    const source = await readFile(join(repository, "packages/core/delivery/src/request/outcome.ts"), "utf8");
    const list = /dropReasons = \[([\s\S]*?)\]/.exec(source)?.[1] ?? "";
    const reasons = [...list.matchAll(/"(\w+)"/g)].map(([, reason]) => reason);
    expect(reasons.length).toBeGreaterThan(5);
    const table = runbook.slice(runbook.indexOf("## DbintelDataLost"), runbook.indexOf("## DbintelDeadLetters"));
    for (const reason of reasons) expect(table).toContain(`\`${reason}\``);
  });

  it("ask the running collector what it answers", async () => {
    const urls = [...runbook.matchAll(/curl -s '?(localhost:[^\s'`]+)/g)].map(([, url = ""]) => url);
    expect(urls.length).toBeGreaterThan(2);
    for (const url of urls) {
      const moved = url.replace("13133", String(ports.health)).replace("55680", String(ports.admin));
      const response = await fetch(`http://${moved}`);
      expect(response.status, url).toBe(200);
      if (url.includes("verbose")) expect(await response.text()).toContain("StatusRecoverableError");
    }
    const [, method = "", type = "", body = "", path = ""] =
      /curl -X (\w+) -H 'content-type: ([^']+)' -d '([^']+)' localhost:55680(\S+)`/.exec(runbook) ?? [];
    const init = { method, body, headers: { "content-type": type } };
    expect((await fetch(`http://localhost:${ports.admin}${path}`, init)).status).toBe(200);
  });
});

it("grants are for the user that the configurations name", async () => {
  const user = /username: (\w+)/.exec(config)?.[1] ?? "";
  expect(await readFile(join(repository, "configs/postgresql-otlp.yaml"), "utf8")).toContain(`POSTGRES_USER:-${user}}`);
  expect(await readFile(join(repository, "configs/mysql-otlp.yaml"), "utf8")).toContain(`MYSQL_USER:-${user}}`);
  expect(await deployed("postgresql/grants.sql")).toContain(`GRANT pg_monitor TO ${user};`);
  for (const product of ["mysql", "mariadb"]) {
    expect(await deployed(`${product}/grants.sql`)).toContain(`GRANT PROCESS ON *.* TO '${user}'@'%';`);
  }
});
