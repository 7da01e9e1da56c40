import { describe, expect, it } from "vitest";
import { certificateHint, networkFailure } from "./network-failure.ts";

const nodeError = (code: string, message: string) => Object.assign(new Error(message), { code });

describe("networkFailure", () => {
  it.each([
    ["ETIMEDOUT", "connect ETIMEDOUT 192.0.2.1:4318", "firewalls on the way"],
    ["EHOSTUNREACH", "connect EHOSTUNREACH 192.0.2.1:4318", "no route"],
    ["ENETUNREACH", "connect ENETUNREACH 192.0.2.1:4318 - Local (0.0.0.0:0)", "no route"],
    ["EAI_AGAIN", "getaddrinfo EAI_AGAIN backend", "name servers do not answer"],
    ["EMFILE", "connect EMFILE 192.0.2.1:4318 - Local (undefined:undefined)", "ulimit -n"],
    ["CERT_HAS_EXPIRED", "certificate has expired", "renewed there"],
    ["CERT_NOT_YET_VALID", "certificate is not yet valid", "the clock of this machine"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match certificate's altnames", "tls.server_name_override"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate", "set tls.ca_file"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain", "authority is not known"],
  ])("knows %s, by its code and by its words alone", (code, message, advice) => {
    expect(networkFailure(nodeError(code, message))).toEqual({ text: message, hint: expect.stringContaining(advice) });
    expect(networkFailure(message).hint).toContain(advice);
  });

  it("tells what is wrong with a certificate from all other failures", () => {
    expect(certificateHint("CERT_HAS_EXPIRED certificate has expired")).toContain("renewed there");
    expect(certificateHint("ECONNREFUSED connect ECONNREFUSED ::1:5432")).toBeUndefined();
  });

  it("says of OpenSSL and of Node what the operator can use", () => {
    const demanded =
      "40B7D8:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../ssl/record.c:918:SSL alert number 116\n";
    expect(networkFailure(nodeError("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", demanded))).toEqual({
      text: "TLS: tlsv13 alert certificate required",
      hint: "the server may ask for a certificate of the client: set tls.cert_file and tls.key_file",
    });
    const selfSigned =
      "self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca";
    expect(networkFailure(nodeError("DEPTH_ZERO_SELF_SIGNED_CERT", selfSigned))).toEqual({
      text: "self-signed certificate",
      hint: "the certificate is self-signed: set tls.ca_file to it",
    });
  });

  it("joins what Node reports of several addresses", () => {
    const errors = ["::1", "127.0.0.1"].map((host) => nodeError("ECONNREFUSED", `connect ECONNREFUSED ${host}:1`));
    expect(networkFailure(new AggregateError(errors))).toEqual({
      text: "connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1",
      hint: expect.stringContaining("nothing listens there"),
    });
  });

  it("has advice for what it does not know", () => {
    expect(networkFailure(new Error("the cat sat on the switch"))).toEqual({
      text: "the cat sat on the switch",
      hint: "check that the destination is up, can be reached and is not overloaded",
    });
  });
});
