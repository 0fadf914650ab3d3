import { TextCache } from '../../text-cache.js';

/** A semantic version as Masterminds/semver reads it: loosely, `1.2` is `1.2.0`. */
export interface Version {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly pre: string;
  readonly metadata: string;
  readonly original: string;
}

const LOOSE =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;
const MAX_UINT64 = 2n ** 64n - 1n;

export const INVALID_VERSION = 'invalid semantic version';

const known = new TextCache<Version | string>(64 * 1024);

/** The version, or why the text is none. */
export const parseVersion = (text: string): Version | string => {
  const kept = known.get(text);
  if (kept !== undefined) return kept;
  const version = readVersion(text);
  known.set(text, version);
  return version;
};

const readVersion = (text: string): Version | string => {
  const match = LOOSE.exec(text);
  if (match === null) return INVALID_VERSION;
  const [, major = '0', minor = '0', patch = '0', pre = '', metadata = ''] = match;
  for (const part of [major, minor, patch]) {
    if (BigInt(part) > MAX_UINT64) {
      return `error parsing version segment: strconv.ParseUint: parsing "${part}": value out of range`;
    }
  }
  if (pre.split('.').some((part) => /^0[0-9]+$/.test(part))) return 'version segment starts with 0';
  return { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), pre, metadata, original: text };
};

export const isValidVersion = (text: string): boolean => typeof parseVersion(text) !== 'string';

export const versionText = ({ major, minor, patch, pre, metadata }: Version): string =>
  `${major}.${minor}.${patch}${pre === '' ? '' : `-${pre}`}${metadata === '' ? '' : `+${metadata}`}`;

const sign = (a: bigint | string, b: bigint | string): number => (a < b ? -1 : a > b ? 1 : 0);

const comparePart = (a: string | undefined, b: string | undefined): number => {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const isNumber = /^[0-9]+$/;
  const x = isNumber.test(a);
  const y = isNumber.test(b);
  if (x && y) return sign(BigInt(a), BigInt(b));
  // Numbers sort before words.
  return x ? -1 : y ? 1 : sign(a, b);
};

export const comparePrereleases = (a: string, b: string): number => {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  const x = a.split('.');
  const y = b.split('.');
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const order = comparePart(x[i], y[i]);
    if (order !== 0) return order;
  }
  return 0;
};

export const compareVersions = (a: Version, b: Version): number =>
  sign(a.major, b.major) || sign(a.minor, b.minor) || sign(a.patch, b.patch) || comparePrereleases(a.pre, b.pre);
