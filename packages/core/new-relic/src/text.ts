/** Ends a text that was cut; counts towards its length. */
export const cutMarker = "...[truncated]";

/** The text within `length` UTF-16 code units, marker included, never ending within a character. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = Math.max(0, length - cutMarker.length);
  // A high surrogate without its low one is half a character (The Unicode Standard, 3.8, D71 to D75).
  const last = text.charCodeAt(end - 1);
  const whole = last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
  return text.slice(0, whole) + cutMarker.slice(0, length);
}
