import { type ConsumeError, toConsumeError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import type { DeadLetters } from "./dead-letters/dead-letters.ts";
import { type DropReason, isMisconfigured, type Outcome } from "./outcome.ts";
import type { Report } from "./report.ts";
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
  /** Absent: what the destination rejects is dropped as it is. */
  readonly deadLetters: DeadLetters | undefined;
  readonly report: Report;
}

/** A part of a request, and what has been done about it. */
interface Piece extends Request {
  /** Requests that its items were in and that were not taken. */
  readonly attempts: number;
  /** Failed once while what it was cut from was taken in part: to be cut further. */
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
  #requestsLeft: number;

  constructor(options: TransmissionOptions) {
    this.#options = options;
    this.#requestsLeft = options.deadLetters?.settings.isolation_requests ?? 0;
  }

  /** Never rejects: the shares of the request are told. */
  async run(request: Request): Promise<void> {
    this.#work.push({ ...request, attempts: 0, suspect: false, whole: undefined });
    for (let piece = this.#work.pop(); piece !== undefined; piece = this.#work.pop()) {
      if (piece.suspect && (await this.#probe(piece))) continue;
      await this.#conclude(...(await this.#send(piece, "retrying")));
    }
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
    this.#work.push(...halvesOf(piece).toReversed());
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
    const failed = (outcome: Outcome) => outcome.kind === "failed" && outcome.reason === "retries_exhausted";
    if (delivered() === before && tried.every(([, outcome]) => failed(outcome))) return false;
    for (const [half, outcome] of tried.toReversed()) {
      if (failed(outcome)) this.#work.push({ ...half, suspect: true });
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
    const { shares, attempts, whole, suspect } = piece;
    const batch = whole ?? piece.batch;
    if (keep !== undefined && (await isPostponed(outcome))) {
      await keep({ batch, shares });
      return;
    }
    const exhausted = outcome.kind === "failed" && outcome.reason === "retries_exhausted";
    const end: Outcome = exhausted && suspect ? { ...outcome, reason: "poison" } : outcome;
    const reason = end.kind === "failed" ? end.reason : "rejected";
    if (end.kind !== "sent" && isFinalFor(batch, end)) {
      await deadLetters?.bury({ batch, reason, error: end.error, attempts, trimmed: whole !== undefined });
    }
    settleShares(shares, end);
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

function halvesOf({ batch, shares, attempts, whole }: Piece): readonly Piece[] {
  const cutter = new ShareCutter(shares);
  const halves: readonly Batch[] = batch.splitByCount(Math.ceil(batch.count / 2));
  return halves.map((half) => {
    const own: readonly Share[] = cutter.next(half.count);
    return { batch: half, shares: own, attempts, suspect: false, whole };
  });
}
