import { trimSpace } from '../functions/strings.js';

/** Go's `\s` within regular expressions. */
const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 12 || code === 13;

export interface Document {
  readonly text: string;
  /** Its first line in the rendered text, from 1. */
  readonly line: number;
}

/** The documents of a rendered text: separated by lines that begin with `---`, without the spaces around. */
export const splitManifests = (text: string): Document[] => {
  const end = trimmedEnd(text);
  const documents: Document[] = [];
  let from = firstContent(text, 0, end);
  let line = 1 + countLines(text, 0, from);
  const take = (to: number, next: number): void => {
    const start = firstContent(text, from, to);
    line += countLines(text, from, start);
    const document = trimSpace(text.slice(start, to));
    if (document !== '') documents.push({ text: document, line });
    line += countLines(text, start, next);
    from = next;
  };
  for (let at = text.indexOf('---', from); at >= 0 && at < end; at = text.indexOf('---', at)) {
    if (at > from && text.charCodeAt(at - 1) !== 10) {
      at += 1;
      continue;
    }
    // The line break before a separator belongs to it: after one separator the next needs its own.
    if (at === from && documents.length + from > 0 && !isFirst(text, at)) {
      at += 1;
      continue;
    }
    let next = at + 3;
    while (isSpace(text.charCodeAt(next))) next += 1;
    take(at, next);
    at = next;
  }
  take(end, end);
  return documents;
};

const isFirst = (text: string, at: number): boolean => trimSpace(text.slice(0, at)) === '';

const trimmedEnd = (text: string): number => {
  let end = text.length;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return end;
};

const firstContent = (text: string, from: number, to: number): number => {
  let at = from;
  while (at < to && isSpace(text.charCodeAt(at))) at += 1;
  return at;
};

const countLines = (text: string, from: number, to: number): number => {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
};
