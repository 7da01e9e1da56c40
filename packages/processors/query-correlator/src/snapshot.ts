import { z } from "zod";

/** The format of what is saved; another one is not read. */
const version = 1;

export function snapshotOf(state: unknown): Uint8Array {
  return Buffer.from(JSON.stringify({ version, state }));
}

const saved = z.strictObject({ version: z.literal(version), state: z.unknown() });

/** `undefined` for what is damaged or of another version. */
export function parsedSnapshot<State>(bytes: Uint8Array, schema: z.ZodType<State>): State | undefined {
  try {
    const { data } = saved.safeParse(JSON.parse(Buffer.from(bytes).toString()));
    return data && schema.safeParse(data.state).data;
  } catch {
    return undefined;
  }
}
