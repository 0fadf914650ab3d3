import { byteLength, sliceBytes } from '../template/go-string.js';

/** goutils.WrapCustom: breaks a text at spaces, and inside long words when asked. Lengths are bytes. */
export const wrapText = (text: string, width: number, newline: string, breaksWords: boolean): string => {
  const limit = Math.max(width, 1);
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const total = byteLength(text);
  const part = (from: number, to?: number): string => sliceBytes(text, from, to);
  let at = 0;
  let out = '';
  while (total - at > limit) {
    if (bytes.charAt(at) === ' ') {
      at += 1;
      continue;
    }
    const space = bytes.slice(at, at + limit + 1).lastIndexOf(' ');
    if (space >= 0) {
      out += part(at, at + space) + newline;
      at += space + 1;
    } else if (breaksWords) {
      out += part(at, at + limit) + newline;
      at += limit;
    } else {
      const next = bytes.indexOf(' ', at + limit);
      if (next < 0) {
        out += part(at);
        at = total;
      } else {
        out += part(at, next) + newline;
        at = next + 1;
      }
    }
  }
  return out + part(at);
};
