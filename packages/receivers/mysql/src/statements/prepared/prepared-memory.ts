import { type Baseline, exactInteger, packCheckpoint, unpackCheckpoint } from "@dbintel/polling";
import { z } from "zod";
import { bytesOf, littleEndian, numbersOf } from "../number-bytes.ts";
import type { PreparedBaseline } from "./prepared-deltas.ts";
import type { PreparedInstance } from "./prepared-source.ts";

const head = z.object({
  kind: z.literal("mysql prepared statements"),
  version: z.literal(1),
  littleEndian: z.literal(littleEndian),
  life: z.number().int(),
  micros: exactInteger,
  truncated: z.boolean(),
  executed: z.array(exactInteger),
  owed: z.array(exactInteger),
});
/** Before the counters of a statement: its number and how often it was prepared again. */
const ownNumbers = 2;

/** What prepared statements are compared with at the next reading, kept over a restart. */
export class PreparedMemory implements Baseline {
  /** The last reading that was committed. */
  last: PreparedBaseline | undefined;

  take(): Uint8Array | undefined {
    if (this.last === undefined) return undefined;
    const { instances, ...rest } = this.last;
    const described = head.encode({
      ...{ kind: "mysql prepared statements", version: 1, littleEndian },
      ...{ ...rest, executed: [...rest.executed], owed: [...rest.owed] },
    });
    const all = [...instances.values()];
    const numbers = all.flatMap(({ statementId, reprepares, values }) => [statementId, reprepares, ...values]);
    const names = all.map(({ name }) => name).join("\n");
    return packCheckpoint({ head: described, parts: [Buffer.from(names), bytesOf(BigUint64Array.from(numbers))] });
  }

  restore(bytes: Uint8Array): boolean {
    const content = unpackCheckpoint(bytes);
    const described = head.safeDecode(content?.head as z.input<typeof head>);
    const [nameBytes, numberBytes] = content?.parts ?? [];
    const numbers = numbersOf(numberBytes);
    if (!described.success || nameBytes === undefined || numbers === undefined) return false;
    const { life, micros, truncated, executed, owed } = described.data;
    const names = nameBytes.length === 0 ? [] : Buffer.from(nameBytes).toString().split("\n");
    const width = ownNumbers + executed.length;
    if (numbers.length !== width * names.length) return false;
    const instances = names.map((name, row): readonly [string, PreparedInstance] => {
      const [statementId = 0n, reprepares = 0n, ...values] = numbers.subarray(row * width, (row + 1) * width);
      return [name, { name, statementId, reprepares, values }];
    });
    this.last = { life, micros, truncated, executed, owed, instances: new Map(instances) };
    return true;
  }

  forget(): void {
    this.last = undefined;
  }
}
