import { SemVer } from 'semver';
import type { Library } from '../environment.js';
import { objectType } from '../types.js';
import { CelError, ExtensionValue } from '../values.js';

const SEMVER = objectType('kubernetes.Semver');

class SemverValue extends ExtensionValue {
  readonly type = SEMVER;

  constructor(readonly version: SemVer) {
    super();
  }

  equals(other: SemverValue): boolean {
    return this.version.compare(other.version) === 0;
  }
}

const STRICT = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:[-+]|$)/;

/** Adds what is missing of three numbers, and takes away a `v` and leading zeros. */
const normalized = (text: string): string => {
  const [, numbers = '', rest = ''] = /^v?([\d.]*)([^]*)$/.exec(text.trim()) ?? [];
  const parts = numbers.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + rest;
};

const tryRead = (text: string, normalize: boolean): SemverValue | undefined => {
  const given = normalize ? normalized(text) : text;
  if (!STRICT.test(given)) return undefined;
  try {
    return new SemverValue(new SemVer(given));
  } catch {
    return undefined;
  }
};

const read = (text: string, normalize = false): SemverValue => {
  const found = tryRead(text, normalize);
  if (found === undefined) throw new CelError(faultOf(normalize ? normalized(text) : text));
  return found;
};

/** What keeps a text from being a version, at the first place where something does. */
const faultOf = (text: string): string => {
  if (text === '') return 'Version string empty';
  const dots = text.split('.');
  if (dots.length < 3) return 'No Major.Minor.Patch elements found';
  const [major = '', minor = '', ...rest] = dots;
  const tail = rest.join('.');
  const [, patch = tail, pre, build] = /^([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/.exec(tail) ?? [];
  for (const [name, number] of [
    ['Major', major],
    ['Minor', minor],
    ['Patch', patch],
  ] as const) {
    const quoted = JSON.stringify(number);
    if (!/^\d*$/.test(number)) return `Invalid character(s) found in ${name.toLowerCase()} number ${quoted}`;
    if (/^0\d/.test(number)) return `${name} number must not contain leading zeroes ${quoted}`;
    if (number === '') return 'strconv.ParseUint: parsing "": invalid syntax';
  }
  return (
    identifierFault(pre, 'Prerelease', 'prerelease') ??
    identifierFault(build, 'Build meta data', 'build meta data') ??
    `Invalid character(s) found in version ${JSON.stringify(text)}`
  );
};

const identifierFault = (text: string | undefined, name: string, inner: string): string | undefined => {
  for (const part of text?.split('.') ?? []) {
    const quoted = JSON.stringify(part);
    if (part === '') return `${name} is empty`;
    if (!/^[\dA-Za-z-]+$/.test(part)) return `Invalid character(s) found in ${inner} ${quoted}`;
    if (inner === 'prerelease' && /^0\d+$/.test(part)) {
      return `Numeric PreRelease version must not contain leading zeroes ${quoted}`;
    }
  }
  return undefined;
};

const compare = (a: SemverValue, b: SemverValue): number => a.version.compare(b.version);

const NAME = 'kubernetes.Semver';

export const VERSIONS: Library = {
  semver: {
    [`string_to_semver (string) -> ${NAME}`]: (text: string) => read(text),
    [`string_bool_to_semver (string, bool) -> ${NAME}`]: read,
  },
  isSemver: {
    'is_semver_string (string) -> bool': (text: string) => tryRead(text, false) !== undefined,
    'is_semver_string_bool (string, bool) -> bool': (text: string, normalize: boolean) =>
      tryRead(text, normalize) !== undefined,
  },
  isGreaterThan: {
    [`semver_is_greater_than ${NAME}.(${NAME}) -> bool`]: (a: SemverValue, b: SemverValue) => compare(a, b) > 0,
  },
  isLessThan: {
    [`semver_is_less_than ${NAME}.(${NAME}) -> bool`]: (a: SemverValue, b: SemverValue) => compare(a, b) < 0,
  },
  compareTo: {
    [`semver_compare_to ${NAME}.(${NAME}) -> int`]: (a: SemverValue, b: SemverValue) => BigInt(compare(a, b)),
  },
  major: { [`semver_major ${NAME}.() -> int`]: ({ version }: SemverValue) => BigInt(version.major) },
  minor: { [`semver_minor ${NAME}.() -> int`]: ({ version }: SemverValue) => BigInt(version.minor) },
  patch: { [`semver_patch ${NAME}.() -> int`]: ({ version }: SemverValue) => BigInt(version.patch) },
};
