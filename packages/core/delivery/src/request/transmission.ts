import { type ConsumeError, toConsumeError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import type { DeadLetters } from "../dead-letters/dead-letters.ts";
import type { ExhaustedItems } from "../queue/exhausted-items.ts";
import type { Report } from "../report.ts";
import { type DropReason, isMisconfigured, type Outcome } from "./outcome.ts";
import { type Request, type Share, ShareCutter, settleShares } from "./request.ts";
import { mayBeOfContent } from "./suspicion.ts";

/** One request to the destination, with or without repetitions. */
export interface Try {
  readonly outcome: Outcome;
  /** How often it was sent. */
  readonly attempts: number;
}

export interface TransmissionOptions {
  readonly send: (batch: Batch, mode: "retrying" | "once") => Promise<Try>;
  /** Whether the same data may well be taken later: then what `keep` gives takes it. */
  readonly isPostponed: (outcome: Outcome) => Promise<boolean>;
  readonly keep: () => ((undelivered: Request) => Promise<void>) | undefined;
  /** Requests of this signal that the destination has taken so far. */
  readonly delivered: () => number;
  /** What was kept after all of its retries, for the next time that it comes. */
  readonly exhausted: ExhaustedItems;
  /** Absent: what the destination rejects is dropped as it is. */
  readonly deadLetters: DeadLetters | undefined;
  readonly report: Report;
}

/** A part of a request, and what has been done about it. */
interface Piece extends Request {
  /** Requests that its items were in and that were not taken. */
  readonly attempts: number;
  /** Cut out in search of bad items: tried once before all others of the request have been. */
  readonly fresh: boolean;
  /** Failed while others were taken: to be cut further. */
  readonly suspect: boolean;
  /** What it was before its texts were cut. */
  readonly whole: Batch | undefined;
}

type Failure = Extract<Outcome, { readonly kind: "failed" }>;

/** Reasons that say of the items that they will never be taken. */
const final: ReadonlySet<DropReason> = new Set<DropReason>(["rejected", "too_large", "poison", "internal_error"]);

/**
 * The way of one request until each item of it has a fate.
 *
 * Halving is no retry of the same request, which OTLP forbids after a 400 or a 413: each half is another request. What
 * is too large is halved down to single items, n of which cost at most 2n − 1 attempts. What is rejected, or fails again
 * and again while others are taken, is halved where dead letters are kept, until its bad items are alone or
 * `isolation_requests` are used up.
 */
export class Transmission {
  readonly #options: TransmissionOptions;
  /** Left halves on top: what is taken is taken in its order. */
  readonly #work: Piece[] = [];
  /** What failed with an error that can pass while bad items were looked for: it keeps no others waiting. */
  readonly #late: Piece[] = [];
  #requestsLeft: number;

  constructor(options: TransmissionOptions) {
    this.#options = options;
    this.#requestsLeft = options.deadLetters?.settings.isolation_requests ?? 0;
  }

  /** Never rejects: the shares of the request are told. */
  async run(request: Request): Promise<void> {
    this.#work.push({ ...request, attempts: 0, fresh: false, suspect: false, whole: undefined });
    for (;;) {
      const piece = this.#work.pop() ?? this.#late.shift();
      if (piece === undefined) return;
      if (piece.fresh) await this.#tryOnce(piece);
      else if (!(piece.suspect && (await this.#probe(piece)))) {
        await this.#conclude(...(await this.#send(piece, "retrying")));
      }
    }
  }

  async #tryOnce(piece: Piece): Promise<void> {
    const { delivered } = this.#options;
    const before = delivered();
    const [tried, outcome] = await this.#send(piece, "once");
    if (!canPass(outcome)) await this.#conclude(tried, outcome);
    else this.#late.push({ ...tried, fresh: false, suspect: delivered() > before });
  }

  async #send(piece: Piece, mode: "retrying" | "once"): Promise<[Piece, Outcome]> {
    const { outcome, attempts } = await this.#options.send(piece.batch, mode);
    return [{ ...piece, attempts: piece.attempts + attempts }, outcome];
  }

  async #conclude(piece: Piece, outcome: Outcome): Promise<void> {
    try {
      if (outcome.kind === "failed" && (await this.#goesOn(piece, outcome))) return;
    } catch (reason) {
      await this.#end(piece, { kind: "failed", reason: "internal_error", error: toConsumeError(reason) });
      return;
    }
    await this.#end(piece, outcome);
  }

  /** Whether something else is tried with a piece that was not taken. */
  async #goesOn(piece: Piece, { reason, error }: Failure): Promise<boolean> {
    const { deadLetters, report } = this.#options;
    const { count } = piece.batch;
    if (reason === "too_large") {
      if (count === 1) return this.#trim(piece, error);
      const halves = halvesOf(piece);
      report.halved(count, error);
      this.#work.push(...halves.toReversed());
      return true;
    }
    if (deadLetters === undefined || count === 1) return false;
    if (reason === "poison") return (await this.#probe(piece)) || this.#retry(piece);
    if (reason === "retries_exhausted") return mayBeOfContent(error) && this.#probe(piece);
    if (!final.has(reason) || isMisconfigured(error) || !this.#mayAsk(2)) return false;
    this.#work.push(...halvesOf(piece, { fresh: true }).toReversed());
    return true;
  }

  /**
   * Sends the halves of a piece once each. When one of them is taken, or something else meanwhile, the destination works,
   * and what failed is cut further. Else it is down: false, and the piece stays whole.
   */
  async #probe(piece: Piece): Promise<boolean> {
    const { delivered } = this.#options;
    if (piece.batch.count === 1 || !this.#mayAsk(2)) return false;
    const before = delivered();
    const tried: [Piece, Outcome][] = [];
    for (const half of halvesOf(piece)) tried.push(await this.#send(half, "once"));
    if (delivered() === before && tried.every(([, outcome]) => canPass(outcome))) return false;
    for (const [half, outcome] of tried) {
      if (canPass(outcome)) this.#late.push({ ...half, suspect: true });
      else await this.#conclude(half, outcome);
    }
    return true;
  }

  /** The destination is down by now, whatever it was before: there is time for it. */
  #retry(piece: Piece): boolean {
    if (this.#requestsLeft < 2) return false;
    this.#work.push(piece);
    return true;
  }

  /** Tries an item that alone is too large once more with its texts cut. */
  async #trim(piece: Piece, error: ConsumeError): Promise<boolean> {
    if (piece.whole !== undefined) return false;
    // Loaded when the first one comes: most collectors never have one.
    const { trimmed } = await import("@dbintel/new-relic");
    const batch = trimmed(piece.batch);
    if (batch === undefined) return false;
    this.#options.report.trimmed(error);
    this.#work.push({ ...piece, batch, whole: piece.batch });
    return true;
  }

  async #end(piece: Piece, outcome: Outcome): Promise<void> {
    const { isPostponed, deadLetters } = this.#options;
    const keep = this.#options.keep();
    const { shares, attempts, whole } = piece;
    const batch = whole ?? piece.batch;
    const end = this.#isToBlame(piece, outcome) ? { ...outcome, reason: "poison" as const } : outcome;
    if (keep !== undefined && (await isPostponed(end))) {
      await keep({ batch, shares });
      return;
    }
    const reason = end.kind === "failed" ? end.reason : "rejected";
    if (end.kind !== "sent" && isFinalFor(batch, end)) {
      await deadLetters?.bury({ batch, reason, error: end.error, attempts, trimmed: whole !== undefined });
    }
    settleShares(shares, end);
  }

  /** Whether an item whose retries are exhausted has failed for itself, not for a destination that is down. */
  #isToBlame({ batch, suspect }: Piece, outcome: Outcome): outcome is Failure {
    const { deadLetters, keep, exhausted, delivered } = this.#options;
    if (!canPass(outcome) || deadLetters === undefined) return false;
    if (batch.count > 1 || !mayBeOfContent(outcome.error)) return false;
    // In memory it can wait no longer: that its neighbours were taken has to be enough.
    return keep() === undefined ? suspect : exhausted.add(batch, delivered());
  }

  #mayAsk(requests: number): boolean {
    if (this.#requestsLeft < requests) return false;
    this.#requestsLeft -= requests;
    return true;
  }
}

/** Whether all of the batch will never be taken. Of which items a destination has rejected some it does not say. */
function isFinalFor(batch: Batch, end: Exclude<Outcome, { readonly kind: "sent" }>): boolean {
  return end.kind === "partial" ? end.error.rejected >= batch.count : final.has(end.reason);
}

function canPass(outcome: Outcome): outcome is Failure {
  return outcome.kind === "failed" && outcome.reason === "retries_exhausted";
}

function halvesOf({ batch, shares, attempts, whole }: Piece, { fresh } = { fresh: false }): readonly Piece[] {
  const cutter = new ShareCutter(shares);
  const halves: readonly Batch[] = batch.splitByCount(Math.ceil(batch.count / 2));
  return halves.map((half) => {
    const own: readonly Share[] = cutter.next(half.count);
    return { batch: half, shares: own, attempts, fresh, suspect: false, whole };
  });
}
