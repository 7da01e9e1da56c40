/** Why a file gives no text, in words for the reader of the configuration that do not name its path. */
export class Unreadable extends Error {
  readonly hint: string;
  readonly place: { readonly line: number; readonly column: number } | undefined;

  constructor(reason: string, hint: string, place?: { readonly line: number; readonly column: number }) {
    super(reason);
    this.hint = hint;
    this.place = place;
  }
}
