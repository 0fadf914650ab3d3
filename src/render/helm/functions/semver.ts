import { GoError } from '../template/errors.js';
import { Integer, Struct, type Value } from '../template/values.js';
import { parseConstraint, satisfies } from '../versions/constraint.js';
import { compareVersions, parseVersion, type Version, versionText } from '../versions/version.js';
import { type Family, fn } from './define.js';

const uint64 = (value: bigint): Value => new Integer(value, 'uint64');

const read = (text: string): Version => {
  const version = parseVersion(text);
  if (typeof version === 'string') throw new GoError(version);
  return version;
};

const other = (args: readonly Value[]): Version => {
  const value = args[0];
  if (value instanceof Struct) return value.native as Version;
  throw new GoError('runtime error: invalid memory address or nil pointer dereference');
};

const comparing = (test: (order: number) => Value) => ({
  params: ['version'] as const,
  call: (receiver: Struct, args: readonly Value[]) => test(compareVersions(receiver.native as Version, other(args))),
});

const plain = (read: (version: Version) => Value) => ({
  params: [],
  call: (receiver: Struct) => read(receiver.native as Version),
});

/** A version with another part, or Go's refusal of what cannot be one. */
const changing = (part: 'pre' | 'metadata', refusal: string) => ({
  params: ['string'] as const,
  call: (receiver: Struct, [text]: readonly Value[]) => {
    const value = text as string;
    if (!/^(?:[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.test(value)) throw new GoError(refusal);
    if (part === 'pre' && value.split('.').some((step) => /^0[0-9]+$/.test(step))) {
      throw new GoError('version segment starts with 0');
    }
    return versionStruct({ ...(receiver.native as Version), [part]: value }, 'semver.Version');
  },
});

const METHODS = {
  Major: plain(({ major }) => uint64(major)),
  Minor: plain(({ minor }) => uint64(minor)),
  Patch: plain(({ patch }) => uint64(patch)),
  Prerelease: plain(({ pre }) => pre),
  Metadata: plain(({ metadata }) => metadata),
  Original: plain(({ original }) => original),
  String: plain(versionText),
  IncMajor: plain((version) =>
    versionStruct(
      { ...version, major: version.major + 1n, minor: 0n, patch: 0n, pre: '', metadata: '' },
      'semver.Version',
    ),
  ),
  IncMinor: plain((version) =>
    versionStruct({ ...version, minor: version.minor + 1n, patch: 0n, pre: '', metadata: '' }, 'semver.Version'),
  ),
  IncPatch: plain((version) =>
    versionStruct(
      { ...version, patch: version.pre === '' ? version.patch + 1n : version.patch, pre: '', metadata: '' },
      'semver.Version',
    ),
  ),
  SetPrerelease: changing('pre', 'invalid prerelease string'),
  SetMetadata: changing('metadata', 'invalid metadata string'),
  Compare: comparing((order) => new Integer(BigInt(order), 'int')),
  Equal: comparing((order) => order === 0),
  LessThan: comparing((order) => order < 0),
  LessThanEqual: comparing((order) => order <= 0),
  GreaterThan: comparing((order) => order > 0),
  GreaterThanEqual: comparing((order) => order >= 0),
};

const versionStruct = (version: Version, type = '*semver.Version'): Struct =>
  new Struct(
    type,
    new Map(),
    METHODS,
    () => versionText(version),
    version,
    () => versionText(version),
  );

/** Sprig's functions on versions. */
export const semver: Family = {
  semver: fn(['string'], (text) => versionStruct(read(text))),
  semverCompare: fn(['string', 'string'], (constraint, version) => {
    const condition = parseConstraint(constraint);
    if (typeof condition === 'string') throw new GoError(condition);
    return satisfies(read(version), condition);
  }),
};
