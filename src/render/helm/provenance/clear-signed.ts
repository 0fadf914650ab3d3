import { ChartError } from '../chart/chart-error.js';

/** A text with the signatures that stand below it (RFC 9580, section 7). */
export interface ClearSigned {
  readonly text: string;
  /** What is signed: the lines of the text with CRLF between them. */
  readonly signed: Uint8Array;
  /** The packets of the signatures. */
  readonly signatures: Uint8Array;
}

const BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----';
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----';
const END = '-----END PGP SIGNATURE-----';
const NOT_FOUND = 'signature block not found';

/** Reads the first clear-signed text. Throws ChartError. */
export const readClearSigned = (data: Buffer): ClearSigned => {
  const lines = data
    .toString('latin1')
    .split('\n')
    .map((line) => line.replace(/[\t\r ]+$/, ''));
  const text = afterHeaders(lines, lines.indexOf(BEGIN));
  const signature = lines.indexOf(SIGNATURE, text);
  const body = afterHeaders(lines, signature);
  const end = lines.indexOf(END, body);
  if (end < 0) throw new ChartError(NOT_FOUND);
  const signed = lines.slice(text, signature).map((line) => (line.startsWith('- ') ? line.slice(2) : line));
  return {
    text: Buffer.from(signed.join('\n'), 'latin1').toString('utf8'),
    signed: Buffer.from(signed.join('\r\n'), 'latin1'),
    signatures: readArmor(lines.slice(body, end)),
  };
};

/** The line behind the empty one that ends the headers of a block. */
const afterHeaders = (lines: readonly string[], start: number): number => {
  const empty = start < 0 ? -1 : lines.indexOf('', start);
  if (empty < 0 || lines.slice(start + 1, empty).some((line) => !line.includes(':'))) throw new ChartError(NOT_FOUND);
  return empty + 1;
};

/** Base64 up to the checksum, which says nothing that the signature does not. */
const readArmor = (lines: readonly string[]): Uint8Array => {
  const checksum = lines.findIndex((line) => line.startsWith('='));
  const text = lines.slice(0, checksum < 0 ? undefined : checksum).join('');
  const illegal = text.search(/[^\w+/=]|_/);
  if (illegal >= 0) throw new ChartError(`illegal base64 data at input byte ${illegal}`);
  return Buffer.from(text, 'base64');
};
