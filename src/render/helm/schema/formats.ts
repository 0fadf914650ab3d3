import { isIPv6 } from 'node:net';
import { parseTime } from '../functions/time-layout.js';
import { timeQuote } from '../functions/go-duration.js';
import { byteLength } from '../template/go-string.js';
import { goQuote, goQuoteRune } from '../template/quote.js';
import { patternProblem } from './patterns.js';

/** What is wrong with a text of a format. */
type Check = (text: string) => string | undefined;

const rune = (c: string): string => goQuoteRune(c.codePointAt(0) ?? 0);

const jsonPointer: Check = (text) => {
  if (text === '') return undefined;
  if (!text.startsWith('/')) return 'not starting with /';
  return /~(?![01])/.test(text) ? '~ must be followed by 0 or 1' : undefined;
};

const relativeJsonPointer: Check = (text) => {
  const digits = /^[0-9]*/.exec(text)?.[0] ?? '';
  if (digits === '') return 'must start with non-negative integer';
  if (digits.length > 1 && digits.startsWith('0')) return 'starts with zero';
  const rest = text.slice(digits.length);
  return rest === '#' ? undefined : jsonPointer(rest);
};

const uuid: Check = (text) => {
  const lengths = [8, 4, 4, 4, 12];
  const groups = text.split('-');
  if (groups.length !== lengths.length) return `must have ${lengths.length} elements`;
  for (const [i, group] of groups.entries()) {
    if (byteLength(group) !== lengths[i]) return `element ${i + 1} must be ${lengths[i]} characters long`;
    const wrong = /[^0-9a-fA-F]/u.exec(group)?.[0];
    if (wrong !== undefined) return `non-hex character ${rune(wrong)}`;
  }
  return undefined;
};

const duration: Check = (text) => {
  if (!text.startsWith('P')) return 'must start with P';
  const rest = text.slice(1);
  if (rest === '') return 'nothing after P';
  if (rest.endsWith('W')) {
    const weeks = rest.slice(0, -1);
    if (weeks === '') return 'no number in week';
    return /^[0-9]+$/.test(weeks) ? undefined : 'invalid week';
  }
  const all = ['YMD', 'HMS'];
  for (const [i, part] of rest.split('T').entries()) {
    if (i !== 0 && part === '') return 'no time elements';
    const units = all[i];
    if (units === undefined) return 'more than one T';
    const wrong = durationPart(part, units);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
};

const durationPart = (part: string, all: string): string | undefined => {
  let units = all;
  for (let rest = part; rest !== ''; ) {
    const digits = /^[0-9]*/.exec(rest)?.[0] ?? '';
    if (digits === '') return 'missing number';
    rest = rest.slice(digits.length);
    if (rest === '') return 'missing unit';
    const unit = rest[0] ?? '';
    const at = units.indexOf(unit);
    if (at < 0) return all.includes(unit) ? `unit ${rune(unit)} out of order` : `invalid unit ${rune(unit)}`;
    units = units.slice(at + 1);
    rest = rest.slice(1);
  }
  return undefined;
};

const ipv4: Check = (text) => {
  const groups = text.split('.');
  if (groups.length !== 4) return 'expected four decimals';
  for (const group of groups) {
    if (group.length > 1 && group.startsWith('0')) return 'leading zeros';
    if (!/^[+-]?[0-9]+$/.test(group)) return `strconv.Atoi: parsing ${goQuote(group)}: invalid syntax`;
    if (Number(group) < 0 || Number(group) > 255) return 'decimal must be between 0 and 255';
  }
  return undefined;
};

const ipv6: Check = (text) => {
  if (!text.includes(':')) return 'missing colon';
  if (/%./.test(text) && isIPv6(text)) return 'zone id is not a part of ipv6 address';
  return isIPv6(text) ? undefined : `ParseAddr(${goQuote(text)}): unable to parse IP`;
};

const hostname: Check = (text) => {
  const name = text.replace(/\.$/, '');
  if (byteLength(name) > 253) return 'more than 253 characters long';
  for (const label of name.split('.')) {
    if (byteLength(label) < 1 || byteLength(label) > 63) return 'label must be 1 to 63 characters long';
    if (label.startsWith('-')) return 'label starts with hyphen';
    if (label.endsWith('-')) return 'label ends with hyphen';
    const wrong = /[^a-zA-Z0-9-]/u.exec(label)?.[0];
    if (wrong !== undefined) return `invalid character ${rune(wrong)}`;
  }
  return undefined;
};

const localPart: Check = (local) => {
  if (local.length > 1 && local.startsWith('"')) {
    return /[\\"]/.test(local.slice(1, -1))
      ? 'backslash and quote are not allowed within quoted local part'
      : undefined;
  }
  if (local.startsWith('.')) return 'starts with dot';
  if (local.endsWith('.')) return 'ends with dot';
  if (local.includes('..')) return 'consecutive dots';
  const wrong = /[^a-zA-Z0-9.!#$%&'*+\-/=?^_`{|}~]/u.exec(local)?.[0];
  return wrong === undefined ? undefined : `invalid character ${rune(wrong)}`;
};

const within = (check: Check, text: string, what: string): string | undefined => {
  const wrong = check(text);
  return wrong === undefined ? undefined : `invalid ${what}: ${wrong}`;
};

const email: Check = (text) => {
  if (byteLength(text) > 254) return 'more than 255 characters long';
  const at = text.lastIndexOf('@');
  if (at < 0) return 'missing @';
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (byteLength(local) > 64) return 'local part more than 64 characters long';
  const wrong = localPart(local);
  if (wrong !== undefined) return wrong;
  if (!domain.startsWith('[') || !domain.endsWith(']')) return within(hostname, domain, 'domain');
  const address = domain.slice(1, -1);
  return address.startsWith('IPv6:')
    ? within(ipv6, address.slice('IPv6:'.length), 'ipv6 address')
    : within(ipv4, address, 'ipv4 address');
};

const date: Check = (text) => {
  const parsed = parseTime('2006-01-02', text, 'UTC');
  return typeof parsed === 'string' ? `parsing time ${timeQuote(text)}${parsed}` : undefined;
};

const time: Check = (text) => {
  if (byteLength(text) < 9) return 'less than 9 characters long';
  if (text[2] !== ':' || text[5] !== ':') return 'missing colon in correct place';
  const parts = text.slice(0, 8).split(':');
  if (!parts.every((part) => /^[+-]?[0-9]+$/.test(part))) return 'invalid hour/min/sec';
  const [hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (hour < 0 || minute < 0 || second < 0) return 'non-positive hour/min/sec';
  if (hour > 23 || minute > 59 || second > 60) return 'hour/min/sec out of range';
  let rest = text.slice(8);
  if (rest.startsWith('.')) {
    const digits = /^\.[0-9]*/.exec(rest)?.[0] ?? '';
    if (digits === '.') return 'no digits in second fraction';
    rest = rest.slice(digits.length);
  }
  const offset = rest === 'z' || rest === 'Z' ? 0 : offsetMinutes(rest);
  if (typeof offset === 'string') return offset;
  const minutes = (hour * 60 + minute - offset + 24 * 60) % (24 * 60);
  return second >= 60 && minutes !== 23 * 60 + 59 ? 'invalid leap second' : undefined;
};

const offsetMinutes = (text: string): number | string => {
  if (byteLength(text) !== 6) return 'offset must be 6 characters long';
  if (!/^[+-]/.test(text)) return 'offset must begin with plus/minus';
  if (text[3] !== ':') return 'missing colon in offset in correct place';
  const parts = text.slice(1).split(':');
  if (!parts.every((part) => /^[+-]?[0-9]+$/.test(part))) return 'invalid hour/min in offset';
  const [hours = 0, minutes = 0] = parts.map(Number);
  if (hours < 0 || minutes < 0) return 'non-positive hour/min in offset';
  if (hours > 23 || minutes > 59) return 'hour/min in offset out of range';
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
};

const dateTime: Check = (text) => {
  if (byteLength(text) < 20) return 'less than 20 characters long';
  if (!/^.{10}[tT]/.test(text)) return '11th character must be t or T';
  return within(date, text.slice(0, 10), 'date element') ?? within(time, text.slice(11), 'time element');
};

/** What net/url says against an address. */
const address: Check = (text) => {
  const wrong = (problem: string): string => `parse ${goQuote(text)}: ${problem}`;
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(text)) return wrong('net/url: invalid control character in URL');
  if (text.startsWith(':')) return wrong('missing protocol scheme');
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text.split('?')[0] ?? '')?.[0];
  if (escape !== undefined) return wrong(`invalid URL escape ${goQuote(escape)}`);
  const scheme = /^([^/?#]*?):/.exec(text)?.[1];
  if (scheme !== undefined && !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme))
    return wrong('first path segment in URL cannot contain colon');
  const host = /^(?:[^/?#]+:)?\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(text)?.[1] ?? '';
  const badHost = /[ <>"\\^`{|}]/.exec(host)?.[0];
  if (badHost !== undefined) return wrong(`invalid character ${goQuote(badHost)} in host name`);
  const port = /:([^:\]]*)$/.exec(host)?.[1] ?? '';
  return /^[0-9]*$/.test(port) ? undefined : wrong(`invalid port ${goQuote(`:${port}`)} after host`);
};

const uri: Check = (text) => address(text) ?? (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) ? undefined : 'relative url');

const uriReference: Check = (text) => (text.includes('\\') ? 'contains \\' : address(text));

const period: Check = (text) => {
  const slash = text.indexOf('/');
  if (slash < 0) return 'missing slash';
  const [start, end] = [text.slice(0, slash), text.slice(slash + 1)];
  if (start.startsWith('P')) return within(duration, start, 'start duration') ?? within(dateTime, end, 'end date-time');
  const wrong = within(dateTime, start, 'start date-time');
  if (wrong !== undefined) return wrong;
  return end.startsWith('P') ? within(duration, end, 'end duration') : within(dateTime, end, 'end date-time');
};

const semver: Check = (text) => {
  const [, core = '', , preRelease, , build] = /^([^+-]*)(-([^+]*))?(\+(.*))?$/s.exec(text) ?? [];
  if (build === '') return 'build is empty';
  for (const [what, identifiers] of [
    ['build', build],
    ['pre-release', preRelease],
  ] as const) {
    for (const identifier of identifiers?.split('.') ?? []) {
      if (identifier === '') return `${what} identifier is empty`;
      const wrong = /[^0-9A-Za-z-]/u.exec(identifier)?.[0];
      if (wrong !== undefined) return `invalid character ${rune(wrong)} in ${what} identifier`;
      if (what === 'pre-release' && /^0[0-9]+$/.test(identifier))
        return 'pre-release numeric identifier starts with zero';
    }
  }
  const parts = core.split('.');
  if (parts.length !== 3) return 'versionCore must have 3 numbers separated by dot';
  for (const [i, name] of ['major', 'minor', 'patch'].entries()) {
    const part = parts[i] ?? '';
    if (part === '') return `${name} is empty`;
    if (part.length > 1 && part.startsWith('0')) return `${name} starts with zero`;
    if (!/^[0-9]+$/.test(part)) return `${name} contains non-digit`;
  }
  return undefined;
};

const FORMATS: Readonly<Record<string, Check>> = {
  'json-pointer': jsonPointer,
  'relative-json-pointer': relativeJsonPointer,
  uuid,
  duration,
  period,
  ipv4,
  ipv6,
  hostname,
  email,
  date,
  time,
  'date-time': dateTime,
  uri,
  iri: uri,
  'uri-reference': uriReference,
  'iri-reference': uriReference,
  'uri-template': address,
  semver,
  regex: patternProblem,
};

export const isFormatKnown = (format: string): boolean => Object.hasOwn(FORMATS, format);

/** What is wrong with a text of a known format. */
export const formatProblem = (format: string, text: string): string | undefined => FORMATS[format]?.(text);
