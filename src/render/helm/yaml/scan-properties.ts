import { fromBytes } from '../template/go-string.js';
import { HASH, isBlank, isBlankOrEnd, isBreak, isBreakOrEnd, isDigit, isHex, isWord } from './yaml-characters.js';
import type { Mark } from './yaml-error.js';
import type { YamlScanner, YamlTokenType } from './yaml-scanner.js';

const AFTER_ANCHOR = '?:,]}%@`';
const URI = ";/?:@&=+$,.!~*'()[]%";

const has = (set: string, c: number): boolean => c !== 0 && set.includes(String.fromCharCode(c));

const readWord = (scanner: YamlScanner): string => {
  const from = scanner.index;
  while (isWord(scanner.at())) scanner.advance();
  return scanner.text.slice(from, scanner.index);
};

const skipBlanks = (scanner: YamlScanner): void => {
  while (isBlank(scanner.at())) scanner.advance();
};

export const scanAnchor = (scanner: YamlScanner): string => {
  const start = scanner.mark();
  scanner.advance();
  const name = readWord(scanner);
  if (name === '' || !(isBlankOrEnd(scanner.at()) || has(AFTER_ANCHOR, scanner.at()))) {
    scanner.fail('did not find expected alphabetic or numeric character', start);
  }
  return name;
};

export const scanTag = (scanner: YamlScanner): { start: Mark; value: string; suffix: string } => {
  const start = scanner.mark();
  let value = '';
  let suffix = '';
  if (scanner.at(1) === 60) {
    scanner.advance(2);
    suffix = readUri(scanner, '', start);
    if (scanner.at() !== 62) scanner.fail("did not find the expected '>'", start);
    scanner.advance();
  } else {
    value = readHandle(scanner, false, start);
    if (value.length > 1 && value.endsWith('!')) {
      suffix = readUri(scanner, '', start);
    } else {
      suffix = readUri(scanner, value, start);
      value = '!';
      if (suffix === '') [value, suffix] = ['', '!'];
    }
  }
  if (!isBlankOrEnd(scanner.at())) scanner.fail('did not find expected whitespace or line break', start);
  return { start, value, suffix };
};

const readHandle = (scanner: YamlScanner, isDirective: boolean, start: Mark): string => {
  if (scanner.at() !== 33) scanner.fail("did not find expected '!'", start);
  scanner.advance();
  let handle = `!${readWord(scanner)}`;
  if (scanner.at() === 33) {
    handle += '!';
    scanner.advance();
  } else if (isDirective && handle !== '!') {
    scanner.fail("did not find expected '!'", start);
  }
  return handle;
};

const readUri = (scanner: YamlScanner, head: string, start: Mark): string => {
  let uri = head.slice(1);
  let found = head !== '';
  while (isWord(scanner.at()) || has(URI, scanner.at())) {
    if (scanner.at() === 37) {
      uri += readUriEscapes(scanner, start);
    } else {
      uri += String.fromCharCode(scanner.at());
      scanner.advance();
    }
    found = true;
  }
  if (!found) scanner.fail('did not find expected tag URI', start);
  return uri;
};

const readUriEscapes = (scanner: YamlScanner, start: Mark): string => {
  const octets: number[] = [];
  while (scanner.at() === 37) {
    if (!isHex(scanner.at(1)) || !isHex(scanner.at(2))) scanner.fail('did not find URI escaped octet', start);
    octets.push(Number.parseInt(scanner.text.slice(scanner.index + 1, scanner.index + 3), 16));
    scanner.advance(3);
  }
  return fromBytes(Uint8Array.from(octets));
};

export const scanDirective = (
  scanner: YamlScanner,
): { type: YamlTokenType; start: Mark; value: string; suffix: string } => {
  const start = scanner.mark();
  scanner.advance();
  const name = readWord(scanner);
  if (name === '') scanner.fail('could not find expected directive name', start);
  if (!isBlankOrEnd(scanner.at())) scanner.fail('found unexpected non-alphabetical character', start);
  skipBlanks(scanner);
  let token: { type: YamlTokenType; value: string; suffix: string };
  if (name === 'YAML') {
    token = { type: 'version-directive', value: readVersion(scanner, start), suffix: '' };
  } else if (name === 'TAG') {
    token = { type: 'tag-directive', ...readTagDirective(scanner, start) };
  } else {
    scanner.fail('found unknown directive name', start);
  }
  skipBlanks(scanner);
  if (scanner.at() === HASH) while (!isBreakOrEnd(scanner.at())) scanner.advance();
  if (!isBreakOrEnd(scanner.at())) scanner.fail('did not find expected comment or line break', start);
  if (isBreak(scanner.at())) scanner.readBreak();
  return { ...token, start };
};

const readVersion = (scanner: YamlScanner, start: Mark): string => {
  const number = (): string => {
    const from = scanner.index;
    while (isDigit(scanner.at())) scanner.advance();
    if (scanner.index - from > 2) scanner.fail('found extremely long version number', start);
    if (scanner.index === from) scanner.fail('did not find expected version number', start);
    return scanner.text.slice(from, scanner.index);
  };
  const major = number();
  if (scanner.at() !== 46) scanner.fail("did not find expected digit or '.' character", start);
  scanner.advance();
  return `${Number(major)}.${Number(number())}`;
};

const readTagDirective = (scanner: YamlScanner, start: Mark): { value: string; suffix: string } => {
  const value = readHandle(scanner, true, start);
  if (!isBlank(scanner.at())) scanner.fail('did not find expected whitespace', start);
  skipBlanks(scanner);
  const suffix = readUri(scanner, '', start);
  if (!isBlankOrEnd(scanner.at())) scanner.fail('did not find expected whitespace or line break', start);
  return { value, suffix };
};
