import { TextCache } from '../../text-cache.js';
import { comparePrereleases, compareVersions, parseVersion, type Version } from './version.js';

/** A condition on versions by the rules of Masterminds/semver: groups of conditions, one of which must hold. */
export interface Constraint {
  readonly groups: readonly Group[];
}

interface Group {
  readonly conditions: readonly Condition[];
  /** Prereleases count only where the condition names one. */
  readonly hasPrerelease: boolean;
}

interface Condition {
  readonly operator: string;
  readonly version: Version;
  /** Parts that were left open: `1.2` or `1.2.x` has no patch. */
  readonly isMinorOpen: boolean;
  readonly isPatchOpen: boolean;
  readonly isOpen: boolean;
}

const VERSION =
  'v?([0-9|x|X|*]+)(\\.[0-9|x|X|*]+)?(\\.[0-9|x|X|*]+)?' +
  '(-([0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*))?(\\+([0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*))?';
const OPERATORS = '=||!=|>|<|>=|=>|<=|=<|~|~>|\\^';

const ONE = new RegExp(`^\\s*(${OPERATORS})\\s*(${VERSION})\\s*$`);
const RANGE = new RegExp(`\\s*(${VERSION})\\s+-\\s+(${VERSION})\\s*`, 'g');
const EACH = new RegExp(`(${OPERATORS})\\s*(${VERSION})`, 'g');
/** Bounded: the condition is read once more part by part. */
const MAX_LENGTH = 10_000;

const isAny = (part: string | undefined): boolean => part === undefined || /^\.?[xX*]$/.test(part);

const known = new TextCache<Constraint | string>(64 * 1024);

/** The constraint, or why the text is none. */
export const parseConstraint = (text: string): Constraint | string => {
  const kept = known.get(text);
  if (kept !== undefined) return kept;
  const constraint = readConstraint(text);
  known.set(text, constraint);
  return constraint;
};

const readConstraint = (text: string): Constraint | string => {
  if (text.length > MAX_LENGTH) return `improper constraint: ${text.slice(0, 100)}`;
  const rewritten = !text.includes(' - ')
    ? text
    : text.replace(RANGE, (_whole, from: string, ...rest: string[]) => `>= ${from}, <= ${rest[9]} `);
  const groups: Group[] = [];
  for (const part of rewritten.split('||')) {
    const group = parseGroup(part);
    if (typeof group === 'string') return group;
    groups.push(group);
  }
  return { groups };
};

const parseGroup = (text: string): Group | string => {
  if (!isWellFormed(text)) return `improper constraint: ${text}`;
  const conditions: Condition[] = [];
  for (const [found] of text.matchAll(EACH)) {
    const condition = parseCondition(found);
    if (typeof condition === 'string') return condition;
    conditions.push(condition);
  }
  return { conditions, hasPrerelease: conditions.some(({ version }) => version.pre !== '') };
};

const NEXT = new RegExp(`^\\s*(${OPERATORS})\\s*(${VERSION})\\s*`);

/** Conditions one after the other, separated by spaces or commas. */
const isWellFormed = (text: string): boolean => {
  let rest = text;
  for (let isFirst = true; ; isFirst = false) {
    if (!isFirst) {
      if (rest === '') return true;
      const separator = /^,\s*/.exec(rest);
      if (separator !== null) rest = rest.slice(separator[0].length);
      else if (!wasSpace(text, rest)) return false;
    }
    const match = NEXT.exec(rest);
    if (match === null) return false;
    rest = rest.slice(match[0].length);
  }
};

const wasSpace = (text: string, rest: string): boolean => /\s/.test(text.charAt(text.length - rest.length - 1));

const parseCondition = (text: string): Condition | string => {
  const match = ONE.exec(text);
  if (match === null) return `improper constraint: ${text}`;
  const [, operator = '', , major = '', minor, patch, pre = ''] = match;
  let version = (match[2] ?? '').replace(/^v/, '');
  let isMinorOpen = false;
  let isPatchOpen = false;
  let isOpen = true;
  if (isAny(major)) {
    version = `0.0.0${pre}`;
  } else if (isAny(minor)) {
    isMinorOpen = true;
    version = `${major}.0.0${pre}`;
  } else if (isAny(patch)) {
    isPatchOpen = true;
    version = `${major}${minor}.0${pre}`;
  } else {
    isOpen = false;
  }
  const parsed = parseVersion(version);
  if (typeof parsed === 'string') return 'constraint parser error';
  return { operator, version: parsed, isMinorOpen, isPatchOpen, isOpen };
};

export const satisfies = (version: Version, constraint: Constraint): boolean =>
  constraint.groups.some(({ conditions, hasPrerelease }) =>
    conditions.every((condition) => (version.pre === '' || hasPrerelease) && holds(version, condition)),
  );

const holds = (version: Version, condition: Condition): boolean => {
  const order = compareVersions(version, condition.version);
  switch (condition.operator) {
    case '':
    case '=':
      return condition.isOpen ? isTilde(version, condition, order) : order === 0;
    case '!=':
      return isDifferent(version, condition, order);
    case '>':
      return isGreater(version, condition, order);
    case '<':
      return order < 0;
    case '>=':
    case '=>':
      return order >= 0;
    case '<=':
    case '=<':
      return isAtMost(version, condition, order);
    case '^':
      return isCaret(version, condition, order);
    default:
      return isTilde(version, condition, order);
  }
};

const isDifferent = (version: Version, condition: Condition, order: number): boolean => {
  const { version: wanted, isOpen, isMinorOpen, isPatchOpen } = condition;
  if (!isOpen) return order !== 0;
  if (wanted.major !== version.major) return true;
  if (wanted.minor !== version.minor && !isMinorOpen) return true;
  if (isMinorOpen) return false;
  if (wanted.patch !== version.patch && !isPatchOpen) return true;
  if (isPatchOpen) return comparePrereleases(version.pre, wanted.pre) !== 0;
  return order !== 0;
};

const isGreater = (version: Version, condition: Condition, order: number): boolean => {
  const { version: wanted, isOpen, isMinorOpen, isPatchOpen } = condition;
  if (!isOpen) return order === 1;
  if (version.major !== wanted.major) return version.major > wanted.major;
  if (isMinorOpen) return false;
  return isPatchOpen ? version.minor > wanted.minor : order === 1;
};

const isAtMost = (version: Version, condition: Condition, order: number): boolean => {
  const { version: wanted, isOpen, isMinorOpen } = condition;
  if (!isOpen) return order <= 0;
  if (version.major > wanted.major) return false;
  return !(version.major === wanted.major && version.minor > wanted.minor && !isMinorOpen);
};

const isTilde = (version: Version, condition: Condition, order: number): boolean => {
  const { version: wanted, isMinorOpen, isPatchOpen } = condition;
  if (order < 0) return false;
  const isZero = wanted.major === 0n && wanted.minor === 0n && wanted.patch === 0n;
  // `*`, and also `~0.0.0`, take everything.
  if (isZero && !isMinorOpen && !isPatchOpen) return true;
  if (version.major !== wanted.major) return false;
  return version.minor === wanted.minor || isMinorOpen;
};

const isCaret = (version: Version, condition: Condition, order: number): boolean => {
  const { version: wanted, isMinorOpen, isPatchOpen } = condition;
  if (order < 0) return false;
  if (wanted.major > 0n || isMinorOpen) return version.major === wanted.major;
  if (version.major > 0n) return false;
  if (wanted.minor > 0n || isPatchOpen) return version.minor === wanted.minor;
  if (version.minor > 0n) return false;
  return version.patch === wanted.patch;
};

/** Whether a version, given as text, satisfies a constraint, given as text; false when either is malformed. */
export const isCompatible = (constraint: string, version: string): boolean => {
  const parsed = parseVersion(version);
  const condition = parseConstraint(constraint);
  return typeof parsed !== 'string' && typeof condition !== 'string' && satisfies(parsed, condition);
};
