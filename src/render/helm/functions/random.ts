import { nodeCrypto } from '../../builtin-modules.js';
import { GoError, limitError } from '../template/errors.js';
import { runes } from '../template/go-string.js';
import { int, type Integer } from '../template/values.js';
import { type Family, fn } from './define.js';

const MAX_LENGTH = 10_000_000;
const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ASCII = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => i + 32));

const pickFrom =
  (alphabet: string) =>
  (count: Integer): string => {
    const length = count.toNumber();
    if (length > MAX_LENGTH) throw limitError(`a text of more than ${MAX_LENGTH} characters`);
    let out = '';
    for (let i = 0; i < length; i++) out += alphabet.charAt(nodeCrypto().randomInt(alphabet.length));
    return out;
  };

const shuffle = (text: string): string => {
  const all = runes(text);
  for (let i = all.length - 1; i > 0; i--) {
    const j = nodeCrypto().randomInt(i + 1);
    [all[i], all[j]] = [all[j] as string, all[i] as string];
  }
  return all.join('');
};

/** Sprig's functions whose results differ each time. */
export const random: Family = {
  randAlphaNum: fn(['int'], pickFrom(LETTERS + DIGITS)),
  randAlpha: fn(['int'], pickFrom(LETTERS)),
  randNumeric: fn(['int'], pickFrom(DIGITS)),
  randAscii: fn(['int'], pickFrom(ASCII)),
  randBytes: fn(['int'], (count) => {
    if (count.value < 0n) throw new GoError('runtime error: makeslice: len out of range');
    if (count.toNumber() > MAX_LENGTH) throw limitError(`more than ${MAX_LENGTH} bytes`);
    return nodeCrypto().randomBytes(count.toNumber()).toString('base64');
  }),
  randInt: fn(['int', 'int'], (from, to) => {
    const span = to.toNumber() - from.toNumber();
    if (span <= 0) throw new GoError('invalid argument to Intn');
    return int(from.toNumber() + (span > 2 ** 47 ? Math.floor(Math.random() * span) : nodeCrypto().randomInt(span)));
  }),
  shuffle: fn(['string'], shuffle),
  uuidv4: fn([], () => nodeCrypto().randomUUID()),
};
