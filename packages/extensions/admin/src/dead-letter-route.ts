import { isDbintelError } from "@dbintel/errors";
import { encodeJson } from "@dbintel/pdata";
import { type DeadLetterDesk, deadLetterDesks, type Host } from "@dbintel/pipeline";
import { z } from "zod";
import { type Answer, Refusal } from "./answer.ts";
import type { AuditLog } from "./audit-log.ts";
import { jsonBody } from "./request-body.ts";
import type { Route, Visit } from "./routes.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const showQuery = z.strictObject({ exporter: z.string().max(256), content_sha256: hash });
const changeBody = z.strictObject({ ...showQuery.shape, action: z.enum(["replay", "drop"]) });

/** What exporters could not deliver for good: shown, sent once more, removed. */
export function deadLetterRoute(host: Host, audit: AuditLog): Route {
  const desks = host.shared(deadLetterDesks);

  function deskOf(exporter: string): DeadLetterDesk {
    const desk = desks.get(exporter);
    if (desk === undefined) throw new Refusal(404, "no exporter of this id keeps dead letters");
    return desk;
  }

  async function show({ url, who }: Visit): Promise<Answer> {
    const given = Object.fromEntries(url.searchParams);
    if (Object.keys(given).length === 0) {
      const body = { exporters: [...desks.keys()], letters: [...desks.values()].flatMap((desk) => desk.letters()) };
      return { status: 200, body };
    }
    const query = showQuery.safeParse(given);
    if (!query.success) throw new Refusal(400, z.prettifyError(query.error));
    const { exporter, content_sha256: letter } = query.data;
    const desk = deskOf(exporter);
    await audit.note({ action: "dead-letter", who, detail: { exporter, letter } }, "shown");
    const opened = await desk.open(letter);
    if (opened === undefined) throw gone();
    const telemetry: unknown = JSON.parse(encodeJson(opened.batch));
    return { status: 200, body: { ...opened.letter, telemetry } };
  }

  async function change({ request, who }: Visit): Promise<Answer> {
    const parsed = changeBody.safeParse(await jsonBody(request));
    if (!parsed.success) throw new Refusal(400, z.prettifyError(parsed.error));
    const { exporter, content_sha256: letter, action } = parsed.data;
    const desk = deskOf(exporter);
    const noted = { action: "dead-letter", who, detail: { exporter, letter, change: action } } as const;
    await audit.note(noted, "begun");
    const isDone = action === "replay" ? await replayed(desk, letter) : desk.remove(letter);
    await audit.note(noted, isDone ? "applied" : "gone");
    if (!isDone) throw gone();
    return { status: 200, body: { content_sha256: letter, action } };
  }

  return { methods: { GET: show, POST: change } };
}

/** 503 when the queue does not take the letter, which is still there then. */
async function replayed(desk: DeadLetterDesk, letter: string): Promise<boolean> {
  try {
    return await desk.replay(letter);
  } catch (error) {
    if (!isDbintelError(error)) throw error;
    throw new Refusal(503, `the exporter does not take the letter: ${error.message}`);
  }
}

function gone(): Refusal {
  return new Refusal(404, "there is no such letter, or no longer");
}
