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
  if (found === undefined) throw new CelError(`Invalid character(s) found in version ${JSON.stringify(text)}`);
  return found;
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
