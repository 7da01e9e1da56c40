import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logs, startExporter, TestServer, until } from "./support.ts";

const run = promisify(execFile);

/** A certificate authority, a server's certificate for `db.internal` and 127.0.0.1, and a client's, made for this run. */
class Certificates {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): Promise<Buffer> {
    return readFile(this.path(name));
  }

  async create(): Promise<void> {
    await this.#openssl(["req", "-x509", ...newKey("ca"), "-subj", "/CN=Test CA", "-out", "ca.pem", "-days", "2"]);
    await this.#signed("server", "subjectAltName=DNS:db.internal,IP:127.0.0.1");
    await this.#signed("other", "subjectAltName=DNS:other.internal");
    await this.#signed("client", "extendedKeyUsage=clientAuth");
    await this.#signed("renewed", "extendedKeyUsage=clientAuth");
  }

  async #signed(name: string, extension: string): Promise<void> {
    await writeFile(this.path(`${name}.ext`), extension);
    await this.#openssl(["req", ...newKey(name), "-subj", `/CN=${name}`, "-out", `${name}.csr`]);
    const authority = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    const output = ["-extfile", `${name}.ext`, "-days", "2", "-out", `${name}.pem`];
    await this.#openssl(["x509", "-req", "-in", `${name}.csr`, ...authority, ...output]);
  }

  async #openssl(args: readonly string[]): Promise<void> {
    await run("openssl", args, { cwd: this.directory });
  }
}

function newKey(name: string): readonly string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`];
}

let certificates: Certificates;

beforeAll(async () => {
  certificates = new Certificates(await mkdtemp(join(tmpdir(), "otlp-http-tls-")));
  await certificates.create();
});

afterAll(() => rm(certificates.directory, { recursive: true }));

async function serverTls(name = "server") {
  return { cert: await certificates.read(`${name}.pem`), key: await certificates.read(`${name}.key`) };
}

describe("TLS", () => {
  it("trusts the authority of ca_file", async () => {
    await using server = await TestServer.listen({ tls: await serverTls() });
    await using exporter = await startExporter({ endpoint: server.url, tls: { ca_file: certificates.path("ca.pem") } });
    await exporter.consume(logs(1));
    await until(() => exporter.sent === 1);
    expect(server.seen).toHaveLength(1);
  });

  it("trusts nobody it does not know, and says what to do", async () => {
    await using server = await TestServer.listen({ tls: await serverTls() });
    await using exporter = await startExporter({ endpoint: server.url, headers: { "api-key": "s3cr3t" } });
    await exporter.consume(logs(1));
    await until(() => exporter.host.statuses.length === 1);
    expect(exporter.host.statuses[0]).toMatchObject({ hint: expect.stringContaining("set tls.ca_file") });
    expect(server.seen).toEqual([]);
    expect(exporter.held).toBe(1);
  });

  it("trusts anybody only when told", async () => {
    await using server = await TestServer.listen({ tls: await serverTls() });
    await using exporter = await startExporter({ endpoint: server.url, tls: { insecure_skip_verify: true } });
    await exporter.consume(logs(1));
    await until(() => exporter.sent === 1);
    expect(server.seen).toHaveLength(1);
  });

  it("wants a certificate for the name of the endpoint, or for server_name_override", async () => {
    await using server = await TestServer.listen({ tls: await serverTls("other") });
    const ca_file = certificates.path("ca.pem");
    await using wrong = await startExporter({ endpoint: server.url, tls: { ca_file } });
    await wrong.consume(logs(1));
    await until(() => wrong.host.statuses.length === 1);
    expect(wrong.host.statuses[0]).toMatchObject({ hint: expect.stringContaining("server_name_override") });
    await using right = await startExporter({
      endpoint: server.url,
      tls: { ca_file, server_name_override: "other.internal" },
    });
    await right.consume(logs(1));
    await until(() => right.sent === 1);
  });

  it("shows its own certificate", async () => {
    const ca = await certificates.read("ca.pem");
    const tls = { ...(await serverTls()), ca, requestCert: true, rejectUnauthorized: true };
    await using server = await TestServer.listen({ tls });
    const ca_file = certificates.path("ca.pem");
    const files = { cert_file: certificates.path("client.pem"), key_file: certificates.path("client.key") };
    await using without = await startExporter({ endpoint: server.url, tls: { ca_file } });
    await without.consume(logs(1));
    await until(() => without.host.statuses.length === 1);
    expect(server.seen).toEqual([]);
    await using exporter = await startExporter({ endpoint: server.url, tls: { ca_file, ...files } });
    await exporter.consume(logs(1));
    await until(() => exporter.sent === 1);
  });

  it("shows a new certificate on new connections, and keeps the old one while the new files do not fit", async () => {
    const ca = await certificates.read("ca.pem");
    const tls = { ...(await serverTls()), ca, requestCert: true, rejectUnauthorized: true };
    await using server = await TestServer.listen({ tls });
    const own = async (from: string, ...parts: readonly string[]) => {
      for (const part of parts) await copyFile(certificates.path(`${from}.${part}`), certificates.path(`own.${part}`));
    };
    await own("client", "pem", "key");
    await using exporter = await startExporter({
      endpoint: server.url,
      tls: {
        ...{ ca_file: certificates.path("ca.pem"), reload_interval: "1h" },
        ...{ cert_file: certificates.path("own.pem"), key_file: certificates.path("own.key") },
      },
    });
    const send = async () => {
      const before = exporter.sent;
      await exporter.consume(logs(1));
      await until(() => exporter.sent === before + 1);
    };
    const said = (text: string) => exporter.host.lines.some(({ message }) => message.startsWith(text));
    const hour = 3_600_000;
    await send();
    await own("renewed", "pem");
    await exporter.host.clock.advance(hour);
    await until(() => said("the files of tls cannot be used"));
    await send();
    expect(server.clients).toEqual(["client"]);
    await own("renewed", "key");
    await exporter.host.clock.advance(hour);
    await until(() => said("the files of tls were read again"));
    await send();
    expect(server.clients).toEqual(["client", "renewed"]);
  });

  it("speaks no version below min_version", async () => {
    await using server = await TestServer.listen({ tls: { ...(await serverTls()), maxVersion: "TLSv1.2" } });
    const tls = { ca_file: certificates.path("ca.pem"), min_version: "1.3" } as const;
    await using exporter = await startExporter({ endpoint: server.url, tls });
    await exporter.consume(logs(1));
    await until(() => exporter.host.statuses.length === 1);
    expect(server.seen).toEqual([]);
  });

  it("hints at http:// when the server does not speak TLS", async () => {
    await using server = await TestServer.listen();
    await using exporter = await startExporter({ endpoint: server.url.replace("http:", "https:") });
    await exporter.consume(logs(1));
    await until(() => exporter.host.statuses.length === 1);
    expect(exporter.host.statuses[0]).toMatchObject({ hint: expect.stringContaining("http://") });
  });

  it("does not start without a file that it was given", async () => {
    const tls = { ca_file: certificates.path("missing.pem") };
    await expect(startExporter({ endpoint: "https://127.0.0.1:1", tls })).rejects.toMatchObject({
      code: "DBI_FILE",
      message: expect.stringContaining("tls.ca_file"),
    });
  });
});
