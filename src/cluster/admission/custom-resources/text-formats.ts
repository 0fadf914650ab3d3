import { isIP, isIPv4, isIPv6 } from 'node:net';

/** The formats of texts that custom resources are checked by; any other name is only a remark. */
type Format = (text: string) => boolean;

const matches =
  (pattern: RegExp): Format =>
  (text) =>
    pattern.test(text);

const HOSTNAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;

const isHostname: Format = (text) =>
  text.length <= 255 && text.split('.').every((part) => Buffer.byteLength(part) <= 63) && HOSTNAME.test(text);

const uuid = (third: string, fourth: string): Format =>
  matches(new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}[0-9a-f]{3}-?${fourth}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i'));

/** Leading zeros in parts of addresses were allowed once and still are. */
const withoutZeros = (text: string): string => text.replaceAll(/(^|\.)0+(?=\d)/g, '$1');

const isAddressRange: Format = (text) => {
  const [, address = '', bits = ''] = /^(.*)\/(\d+)$/.exec(text) ?? [];
  const family = isIP(withoutZeros(address));
  return family !== 0 && !(bits.length > 1 && bits.startsWith('0')) && Number(bits) <= (family === 4 ? 32 : 128);
};

const isHardwareAddress: Format = (text) => {
  const bytes = /^(?:[0-9a-f]{2}:)+[0-9a-f]{2}$|^(?:[0-9a-f]{2}-)+[0-9a-f]{2}$|^(?:[0-9a-f]{4}\.)+[0-9a-f]{4}$/i.test(
    text,
  )
    ? text.replaceAll(/[:.-]/g, '').length / 2
    : 0;
  return [6, 8, 20].includes(bytes);
};

const isDay: Format = (text) => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
};

const isTime: Format = (text) => {
  const [, day = '', hours = '', minutes = '', seconds = ''] =
    /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  return isDay(day) && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
};

const GO_DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const UNITS = /^(?:ns|us|µs|ms|s|m|h|d|w|hr|wk)$|^(?:nano|micro|milli|sec|min|hour|day|week)/i;

const isDuration: Format = (text) =>
  GO_DURATION.test(text) ||
  Array.from(text.matchAll(/\d+\s*([A-Za-zµ]+)/g), ([, unit = '']) => unit).some((unit) => UNITS.test(unit));

const isRequestUri: Format = (text) => {
  if (text.startsWith('/')) return true;
  if (!/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) || /[\s<>"{}|\\^`]/.test(text)) return false;
  return /^[^:]+:\//.test(text) || URL.canParse(text);
};

const isEmail: Format = (text) =>
  /^(?:[^<>@",;:\\[\]\s]+(?:\s[^<>@",;:\\[\]]*)?<)?[^<>@",;:\\[\]()\s.]+(?:\.[^<>@",;:\\[\]()\s.]+)*@(?:[^<>@",;:\\[\]()\s]+|\[[^\]]*\])>?$/u.test(
    text,
  );

const luhn = (digits: string): boolean =>
  Array.from(digits)
    .toReversed()
    .reduce((sum, digit, index) => {
      const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
      return sum + (value > 9 ? value - 9 : value);
    }, 0) %
    10 ===
  0;

const CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

const isCard: Format = (text) => {
  const digits = text.replaceAll(/\D/g, '');
  return CARD.test(digits) && luhn(digits);
};

const isIsbn10: Format = (text) => {
  const digits = text.replaceAll(/[\s-]+/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  return (
    Array.from(digits).reduce((sum, each, index) => sum + (index + 1) * (each === 'X' ? 10 : Number(each)), 0) % 11 ===
    0
  );
};

const isIsbn13: Format = (text) => {
  const digits = text.replaceAll(/[\s-]+/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  return Array.from(digits).reduce((sum, each, index) => sum + Number(each) * (index % 2 === 0 ? 1 : 3), 0) % 10 === 0;
};

const RGB =
  /^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$/;
const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

/** By their names without dashes: `date-time` and `datetime` are the same. */
const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['uri', isRequestUri],
  ['email', isEmail],
  ['hostname', isHostname],
  ['ipv4', (text) => isIPv4(withoutZeros(text))],
  ['ipv6', (text) => isIPv6(text) && !text.includes('%')],
  ['cidr', isAddressRange],
  ['mac', isHardwareAddress],
  ['uuid', uuid('[0-9a-f]', '[0-9a-f]')],
  ['uuid3', uuid('3', '[0-9a-f]')],
  ['uuid4', uuid('4', '[89ab]')],
  ['uuid5', uuid('5', '[89ab]')],
  ['isbn', (text) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['creditcard', isCard],
  ['ssn', matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/)],
  ['hexcolor', matches(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  ['rgbcolor', matches(RGB)],
  ['byte', matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/)],
  ['password', () => true],
  ['bsonobjectid', matches(/^[0-9a-fA-F]{24}$/)],
  ['date', isDay],
  ['datetime', isTime],
  ['duration', isDuration],
  ['k8sshortname', (text) => text.length <= 63 && NAME.test(text)],
  ['k8slongname', (text) => text.length <= 253 && text.split('.').every((part) => NAME.test(part))],
]);

const normal = (format: string): string => format.replaceAll('-', '');

/** True for a format that values of a type are checked by. */
export const isKnownFormat = (format: string, type: string): boolean => {
  if (type === 'integer') return format === 'int32' || format === 'int64';
  if (type === 'number') return format === 'float' || format === 'double';
  return (type === '' || type === 'string') && FORMATS.has(normal(format));
};

/** Whether a text has a format; undefined for a format that nobody knows. */
export const hasFormat = (text: string, format: string): boolean | undefined => FORMATS.get(normal(format))?.(text);
