/** A log record by its attributes. */
export type SentRecord = Readonly<Record<string, string | boolean>>;

/**
 * Sends log records as an application does, in one request of OTLP/JSON to `endpoint`, the URL of `/v1/logs`: the status,
 * `undefined` where nobody answers.
 */
export async function postLogs(endpoint: string, records: readonly SentRecord[]): Promise<number | undefined> {
  const logRecords = records.map((record) => ({
    attributes: Object.entries(record).map(([key, value]) => ({
      key,
      value: typeof value === "string" ? { stringValue: value } : { boolValue: value },
    })),
  }));
  const body = JSON.stringify({ resourceLogs: records.length === 0 ? [] : [{ scopeLogs: [{ logRecords }] }] });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(endpoint, { method: "POST", headers, body }).catch(() => undefined);
  // A body that is read to its end gives the connection back; the status says all there is to know.
  await answer?.arrayBuffer().catch(() => undefined);
  return answer?.status;
}
