/** Tenants with an account of their own; the rest share one. */
const maxTenants = 1000;
const restOfTenants = "__other__";
/** What is not spent is kept for at most this long, so that a quiet night does not pay for an incident. */
const burstMs = 10 * 60_000;

interface Account {
  readonly weight: number;
  /** Bytes that may be spent; negative after essentials that were kept beyond it. */
  tokens: number;
  /** Bytes asked for since the last refill. */
  asked: number;
}

/** Weighted max-min fairness: nobody gets more than asked while another, by weight, gets less than asked. */
export function fairShares(
  total: number,
  claims: readonly { readonly asked: number; readonly weight: number }[],
): number[] {
  const shares = claims.map(() => 0);
  // Progressive filling in the order of need a weight: Bertsekas & Gallager, Data Networks, §6.5.2.
  const order = claims.map((_, index) => index).sort((a, b) => need(claims[a]) - need(claims[b]));
  let left = Math.max(0, total);
  let weights = claims.reduce((sum, { weight }) => sum + weight, 0);
  for (const index of order) {
    const claim = claims[index];
    if (claim === undefined) continue;
    const share = Math.min(claim.asked, (left * claim.weight) / weights);
    shares[index] = share;
    left -= share;
    weights -= claim.weight;
  }
  return shares;
}

function need(claim: { readonly asked: number; readonly weight: number } | undefined): number {
  return claim === undefined ? 0 : claim.asked / claim.weight;
}

/** What each tenant may still send while the last step is taken. */
export class Allowance {
  readonly #weightOf: (tenant: string) => number;
  readonly #accounts = new Map<string, Account>();

  constructor(weightOf: (tenant: string) => number) {
    this.#weightOf = weightOf;
  }

  /** Hands out what the time since the last call has brought, at `rate` bytes a millisecond. */
  refill(elapsedMs: number, rate: number): void {
    const accounts = [...this.#accounts.values()];
    const total = rate * elapsedMs;
    const shares = fairShares(total, accounts);
    const spare = total - shares.reduce((sum, share) => sum + share, 0);
    const weights = accounts.reduce((sum, { weight }) => sum + weight, 0);
    accounts.forEach((account, index) => {
      const most = (rate * Math.max(burstMs, elapsedMs) * account.weight) / weights;
      const share = (shares[index] ?? 0) + (spare * account.weight) / weights;
      account.tokens = Math.min(most, Math.max(account.tokens, -most) + share);
      account.asked = 0;
    });
    if (accounts.length < maxTenants) return;
    for (const [tenant, { tokens }] of this.#accounts) if (tokens > 0) this.#accounts.delete(tenant);
  }

  /** Whether the tenant may send the bytes; essential ones are sent in any case and paid for later. */
  spend(tenant: string, bytes: number, essential: boolean): boolean {
    const account = this.#account(tenant);
    account.asked += bytes;
    if (!essential && account.tokens < bytes) return false;
    account.tokens -= bytes;
    return true;
  }

  #account(tenant: string): Account {
    const found = this.#accounts.get(tenant);
    if (found !== undefined) return found;
    if (this.#accounts.size >= maxTenants && tenant !== restOfTenants) return this.#account(restOfTenants);
    const account = { weight: this.#weightOf(tenant), tokens: 0, asked: 0 };
    this.#accounts.set(tenant, account);
    return account;
  }
}
