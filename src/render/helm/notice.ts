import { goQuote, isPrintable } from './template/quote.js';

/** Something that Helm says beside what it renders. */
export interface Notice {
  readonly level: 'INFO' | 'WARN' | 'ERROR';
  readonly message: string;
  readonly attributes?: readonly (readonly [name: string, value: string])[];
}

/** Takes notices in the order in which Helm says them. */
export type Notify = (notice: Notice) => void;

export const info = (message: string, ...attributes: (readonly [string, string])[]): Notice => ({
  level: 'INFO',
  message,
  attributes,
});

export const warning = (message: string, ...attributes: (readonly [string, string])[]): Notice => ({
  level: 'WARN',
  message,
  attributes,
});

/** The line that Helm writes: `level=WARN msg="this chart is deprecated"`. */
export const noticeLine = ({ level, message, attributes = [] }: Notice): string =>
  [['level', level], ['msg', message], ...attributes]
    .map(([name = '', value = '']) => `${quoteIfNeeded(name)}=${quoteIfNeeded(value)}`)
    .join(' ');

/** The same for people who did not start Helm: `returned non-bool value (tag=a, chart=b)`. */
export const noticeText = ({ message, attributes = [] }: Notice): string =>
  attributes.length === 0
    ? message
    : `${message} (${attributes.map(([name, value]) => `${name}=${value}`).join(', ')})`;

const PLAIN = /^[!#-<>-~]+$/;

/** As the text handler of Go's log/slog does. */
const quoteIfNeeded = (text: string): string => {
  if (PLAIN.test(text)) return text;
  const isPlain =
    text !== '' &&
    Array.from(text).every((rune) =>
      rune < '\x80' ? PLAIN.test(rune) || rune === '\x7f' : rune !== '\ufffd' && isPrintable(rune),
    );
  return isPlain ? text : goQuote(text);
};
