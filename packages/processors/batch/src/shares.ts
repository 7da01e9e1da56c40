/**
 * Spreads `rejected` over senders in proportion to how many items each contributed. Nobody knows whose items a
 * destination rejected; the shares are whole, never above a sender's own count, and sum up to `rejected` exactly.
 */
export function shares(rejected: number, counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const spread = Math.min(rejected, total);
  let before = 0;
  let given = 0;
  return counts.map((count) => {
    before += count;
    const until = total === 0 ? 0 : Math.floor((spread * before) / total);
    const share = until - given;
    given = until;
    return share;
  });
}
