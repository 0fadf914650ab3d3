import { isIPv4, isIPv6 } from 'node:net';
import type { Library } from '../environment.js';
import { opaque } from '../types.js';
import { CelError, ExtensionValue, noSuchOverload } from '../values.js';

const IP = opaque('net.IP');
const CIDR = opaque('net.CIDR');

/** An address as one large number. */
class AddressValue extends ExtensionValue {
  readonly type = IP;
  override readonly size: number;

  constructor(
    readonly family: 4 | 6,
    readonly bits: bigint,
  ) {
    super();
    this.size = family === 4 ? 4 : 16;
  }

  equals(other: AddressValue): boolean {
    return this.family === other.family && this.bits === other.bits;
  }

  get width(): number {
    return this.family === 4 ? 32 : 128;
  }

  /** The first `count` bits. */
  prefix(count: number): bigint {
    return this.bits >> BigInt(this.width - count);
  }
}

class RangeValue extends ExtensionValue {
  readonly type = CIDR;
  override readonly size: number;

  constructor(
    readonly address: AddressValue,
    readonly prefixLength: number,
  ) {
    super();
    this.size = Math.ceil(prefixLength / 8);
  }

  equals(other: RangeValue): boolean {
    return this.prefixLength === other.prefixLength && this.address.equals(other.address);
  }

  contains(address: AddressValue): boolean {
    return (
      address.family === this.address.family &&
      address.prefix(this.prefixLength) === this.address.prefix(this.prefixLength)
    );
  }
}

const bitsOfIPv4 = (text: string): bigint =>
  text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(Number(part)), 0n);

const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));

const bitsOfIPv6 = (text: string): bigint => {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const low = dotted === null ? undefined : bitsOfIPv4(dotted[2] ?? '');
  const plain =
    dotted === null || low === undefined
      ? text
      : `${dotted[1] ?? ''}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return all.reduce((bits, group) => (bits << 16n) | BigInt(Number.parseInt(group, 16)), 0n);
};

const MAPPED = 0xffffn;

const addressFault = (text: string): string =>
  /^\d{1,3}(?:\.\d{1,3}){1,2}$/.test(text) ? 'IPv4 address too short' : 'unable to parse IP';

/** Reads an address. Zones and IPv4 in the clothes of IPv6 are refused, as the API refuses them. Throws a CelError. */
const readAddress = (text: string): AddressValue => {
  if (isIPv4(text)) return new AddressValue(4, bitsOfIPv4(text));
  if (text.includes('%') && isIPv6(text))
    throw new CelError(`IP address ${JSON.stringify(text)} with zone value is not allowed`);
  if (!isIPv6(text)) {
    throw new CelError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): ${addressFault(text)}`,
    );
  }
  const bits = bitsOfIPv6(text);
  if (bits >> 32n === MAPPED) throw new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new AddressValue(6, bits);
};

const RANGE_FAULT = 'network address parse error during conversion from string';

const readRange = (text: string): RangeValue => {
  const fail = (why: string): never => {
    throw new CelError(`${RANGE_FAULT}: ${RANGE_FAULT}: netip.ParsePrefix(${JSON.stringify(text)}): ${why}`);
  };
  const slash = text.lastIndexOf('/');
  if (slash < 0) return fail("no '/'");
  const [ip, bits] = [text.slice(0, slash), text.slice(slash + 1)];
  if (ip.includes('%')) return fail('IPv6 zones cannot be present in a prefix');
  const address = readAddress(ip);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bits)) return fail('bad bits after slash');
  if (Number(bits) > address.width) return fail('prefix length out of range');
  return new RangeValue(address, Number(bits));
};

const succeeds = (read: () => unknown): boolean => {
  try {
    read();
    return true;
  } catch {
    return false;
  }
};

const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');

const showIPv6 = (bits: bigint): string => {
  const groups = Array.from({ length: 8 }, (_each, index) => Number((bits >> BigInt(112 - 16 * index)) & 0xffffn));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return hex(groups);
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`;
};

const showAddress = ({ family, bits }: AddressValue): string =>
  family === 6 ? showIPv6(bits) : [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.');

const masked = ({ address, prefixLength }: RangeValue): RangeValue => {
  const rest = BigInt(address.width - prefixLength);
  return new RangeValue(new AddressValue(address.family, (address.bits >> rest) << rest), prefixLength);
};

const isUnspecified = ({ bits }: AddressValue): boolean => bits === 0n;
const isLoopback = (ip: AddressValue): boolean => (ip.family === 4 ? ip.prefix(8) === 127n : ip.bits === 1n);
const isMulticast = (ip: AddressValue): boolean => (ip.family === 4 ? ip.prefix(4) === 0xen : ip.prefix(8) === 0xffn);
const isLinkLocal = (ip: AddressValue): boolean =>
  ip.family === 4 ? ip.prefix(16) === 0xa9fen : ip.prefix(10) === 0x3fan;
const isLinkLocalMulticast = (ip: AddressValue): boolean =>
  ip.family === 4 ? ip.prefix(24) === 0xe0_00_00n : (ip.prefix(16) & 0xff0fn) === 0xff02n;
const isBroadcast = ({ family, bits }: AddressValue): boolean => family === 4 && bits === 0xffff_ffffn;
const isGlobalUnicast = (ip: AddressValue): boolean =>
  ![isBroadcast, isUnspecified, isLoopback, isMulticast, isLinkLocal].some((is) => is(ip));

/** An address to look for: what is none cannot be looked for. */
const addressIn = (text: string): AddressValue => {
  if (!succeeds(() => readAddress(text))) throw noSuchOverload();
  return readAddress(text);
};

const containsRange = (range: RangeValue, other: RangeValue): boolean =>
  other.prefixLength >= range.prefixLength && range.contains(other.address);

const isCanonical = (text: string): boolean => showAddress(readAddress(text)) === text;

export const ADDRESSES: Library = {
  ip: {
    'string_to_ip (string) -> net.IP': readAddress,
    'cidr_ip net.CIDR.() -> net.IP': ({ address }: RangeValue) => address,
  },
  family: { 'ip_family net.IP.() -> int': ({ family }: AddressValue) => BigInt(family) },
  'ip.isCanonical': { 'ip_is_canonical (string) -> bool': isCanonical },
  isIP: { 'is_ip (string) -> bool': (text: string) => succeeds(() => readAddress(text)) },
  isUnspecified: { 'ip_is_unspecified net.IP.() -> bool': isUnspecified },
  isLoopback: { 'ip_is_loopback net.IP.() -> bool': isLoopback },
  isLinkLocalMulticast: { 'ip_is_link_local_multicast net.IP.() -> bool': isLinkLocalMulticast },
  isLinkLocalUnicast: { 'ip_is_link_local_unicast net.IP.() -> bool': isLinkLocal },
  isGlobalUnicast: { 'ip_is_global_unicast net.IP.() -> bool': isGlobalUnicast },
  string: {
    'ip_to_string (net.IP) -> string': showAddress,
    'cidr_to_string (net.CIDR) -> string': ({ address, prefixLength }: RangeValue) =>
      `${showAddress(address)}/${prefixLength}`,
  },
  cidr: { 'string_to_cidr (string) -> net.CIDR': readRange },
  isCIDR: { 'is_cidr (string) -> bool': (text: string) => succeeds(() => readRange(text)) },
  containsIP: {
    'cidr_contains_ip_string net.CIDR.(string) -> bool': (range: RangeValue, text: string) =>
      range.contains(addressIn(text)),
    'cidr_contains_ip_ip net.CIDR.(net.IP) -> bool': (range: RangeValue, ip: AddressValue) => range.contains(ip),
  },
  containsCIDR: {
    'cidr_contains_cidr_string net.CIDR.(string) -> bool': (range: RangeValue, text: string) =>
      containsRange(range, readRange(text)),
    'cidr_contains_cidr net.CIDR.(net.CIDR) -> bool': containsRange,
  },
  masked: { 'cidr_masked net.CIDR.() -> net.CIDR': masked },
  prefixLength: {
    'cidr_prefix_length net.CIDR.() -> int': ({ prefixLength }: RangeValue) => BigInt(prefixLength),
  },
};
