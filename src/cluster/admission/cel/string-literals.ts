const SIMPLE: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

const ESCAPE =
  /\\(?:([abfnrtv\\'"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^]?))/g;

const encoder = new TextEncoder();

interface Piece {
  readonly text?: string;
  readonly byte?: number;
}

const codePoint = (hex: string): string => {
  const value = Number.parseInt(hex, 16);
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) throw new Error('invalid unicode code point');
  return String.fromCodePoint(value);
};

const pieces = (inner: string): Piece[] => {
  const found: Piece[] = [];
  let end = 0;
  for (const match of inner.matchAll(ESCAPE)) {
    const [all, simple, hex, short, long, octal, other] = match;
    found.push({ text: inner.slice(end, match.index) });
    end = match.index + all.length;
    if (simple !== undefined) found.push({ text: SIMPLE[simple] ?? '' });
    else if (hex !== undefined) found.push({ byte: Number.parseInt(hex, 16) });
    else if (octal !== undefined) found.push({ byte: Number.parseInt(octal, 8) });
    else if (short !== undefined) found.push({ text: codePoint(short) });
    else if (long !== undefined) found.push({ text: codePoint(long) });
    else throw new Error(`unable to unescape string: \\${other ?? ''}`);
  }
  return [...found, { text: inner.slice(end) }];
};

/** What stands between the quotes of a literal: bytes for `b"..."`, where `\xff` is a byte rather than a character. */
export const unescapeLiteral = (inner: string, isRaw: boolean, isBytes: boolean): string | Uint8Array => {
  const normal = inner.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  if (isRaw) return isBytes ? encoder.encode(normal) : normal;
  const parts = pieces(normal);
  if (!isBytes) return parts.map(({ text, byte }) => text ?? String.fromCodePoint(byte ?? 0)).join('');
  return Uint8Array.from(
    parts.flatMap(({ text, byte }) => (text === undefined ? [byte ?? 0] : Array.from(encoder.encode(text)))),
  );
};
