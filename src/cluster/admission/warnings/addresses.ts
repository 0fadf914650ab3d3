import { isIP } from 'node:net';
import { goQuote } from '../field-errors.js';

/** Addresses and ranges in forms that not everyone reads alike. */
const bytesOf = (address: string): readonly number[] | undefined => {
  if (isIP(address) !== 6) {
    const parts = address.split('.');
    return parts.length === 4 && parts.every((part) => /^\d+$/.test(part) && Number(part) < 256)
      ? parts.map(Number)
      : undefined;
  }
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const plain = tail === null ? address : `${tail[1]}${pairs(tail[2] ?? '')}`;
  const [head = '', rest] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = rest === undefined || rest === '' ? [] : rest.split(':');
  const middle = rest === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
};

const pairs = (address: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
};

/** The one form of an address that RFC 5952 gives; mapped addresses are those of IPv4. */
const shown = (bytes: readonly number[]): string => {
  if (bytes.length === 4) return bytes.join('.');
  if (isMapped(bytes)) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0));
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = text.match(/\b0(?::0\b)+/g) ?? [];
  const longest = runs.toSorted((a, b) => b.length - a.length)[0];
  if (longest === undefined) return text;
  const at = text.indexOf(longest);
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
};

const isMapped = (bytes: readonly number[]): boolean =>
  bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;

export const addressWarnings = (field: string, address: string): readonly string[] => {
  const bytes = bytesOf(address);
  if (bytes === undefined) return [];
  const standard = shown(bytes);
  if (isIP(address) === 0 || isMapped(bytes)) {
    return [`${field}: non-standard IP address ${goQuote(address)} is invalid: use ${goQuote(standard)}`];
  }
  if (isIP(address) === 4 || standard === address) return [];
  return [`${field}: IPv6 address ${goQuote(address)} should be in RFC 5952 canonical format (${goQuote(standard)})`];
};

export const rangeWarnings = (field: string, range: string): readonly string[] => {
  const [address = '', length = ''] = range.split('/');
  const given = bytesOf(address);
  if (given === undefined) return [];
  const mapped = isMapped(given);
  const bytes = mapped ? given.slice(12) : given;
  const bits = Number(length) - (mapped ? 96 : 0);
  const network = bytes.map((byte, index) => {
    const kept = Math.max(0, Math.min(8, bits - index * 8));
    return byte & (256 - 2 ** (8 - kept));
  });
  const standard = `${shown(network)}/${bits}`;
  const warnings: string[] = [];
  if (network.some((byte, index) => byte !== bytes[index])) {
    const single = `${shown(bytes)}/${bytes.length * 8}`;
    warnings.push(
      `${field}: CIDR value ${goQuote(range)} is ambiguous in this context (should be ${goQuote(standard)} or ${goQuote(single)}?)`,
    );
  }
  if (isIP(address) === 0 || mapped) {
    warnings.push(`${field}: non-standard CIDR value ${goQuote(range)} is invalid: use ${goQuote(standard)}`);
  }
  if (warnings.length === 0 && isIP(address) === 6 && standard !== range) {
    warnings.push(
      `${field}: IPv6 CIDR value ${goQuote(range)} should be in RFC 5952 canonical format (${goQuote(standard)})`,
    );
  }
  return warnings;
};
