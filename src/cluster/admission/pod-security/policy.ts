import { invalid, type FieldError } from '../field-errors.js';

/** How much a namespace lets its pods do, from most to least. */
const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
type Level = (typeof LEVELS)[number];

/** A level as a version of Kubernetes defines it: `v1.25` or `latest`. */
export interface Standard {
  readonly level: Level;
  /** The minor version; absent for the latest. */
  readonly minor?: number;
}

/** What is refused, what is recorded and what is warned of. */
export interface PodPolicy {
  readonly enforce: Standard;
  readonly audit: Standard;
  readonly warn: Standard;
}

const PREFIX = 'pod-security.kubernetes.io/';

const OPEN: Standard = { level: 'privileged' };

/** `restricted:v1.25` */
export const standardText = ({ level, minor }: Standard): string =>
  `${level}:${minor === undefined ? 'latest' : `v1.${String(minor)}`}`;

export const sameStandard = (left: Standard, right: Standard): boolean =>
  left.level === right.level && left.minor === right.minor;

/** True when `left` lets pods do less than `right`. */
export const isStricter = (left: Standard, right: Standard): boolean =>
  LEVELS.indexOf(left.level) > LEVELS.indexOf(right.level);

const isLevel = (text: string): text is Level => (LEVELS as readonly string[]).includes(text);

const VERSION = /^v1\.(0|[1-9][0-9]{0,17})$/;

/** The policy that the labels of a namespace ask for. What cannot be read is refused strictly, and told of kindly. */
export const podPolicy = (
  labels: Readonly<Record<string, string>> = {},
): { readonly policy: PodPolicy; readonly problems: readonly FieldError[] } => {
  const problems: FieldError[] = [];
  const read = (mode: keyof PodPolicy, unreadable: Level): Standard => {
    const level = labels[PREFIX + mode];
    const isWrong = level !== undefined && !isLevel(level);
    if (isWrong) problems.push(labelProblem(mode, level, `must be one of ${LEVELS.join(', ')}`));
    const chosen = isWrong ? unreadable : (level ?? 'privileged');
    const version = labels[`${PREFIX}${mode}-version`];
    const [, minor] = VERSION.exec(version ?? '') ?? [];
    if (version !== undefined && version !== 'latest' && minor === undefined) {
      problems.push(labelProblem(`${mode}-version`, version, 'must be "latest" or "v1.x"'));
    }
    return { level: chosen as Level, ...(minor === undefined ? {} : { minor: Number(minor) }) };
  };
  const enforce = read('enforce', 'restricted');
  const audit = read('audit', 'privileged');
  const warn = read('warn', 'privileged');
  return { policy: { enforce, audit, warn: defaultWarning(labels, enforce, warn) }, problems };
};

/** Whoever enforces a level and says nothing of warnings is warned of the same. */
const defaultWarning = (labels: Readonly<Record<string, string>>, enforce: Standard, warn: Standard): Standard => {
  if (labels[`${PREFIX}warn`] !== undefined || !isLevel(labels[`${PREFIX}enforce`] ?? '')) return warn;
  if (!isStricter(enforce, warn)) return warn;
  return labels[`${PREFIX}warn-version`] === undefined ? enforce : { ...warn, level: enforce.level };
};

const labelProblem = (label: string, value: string, why: string): FieldError =>
  invalid(`metadata.labels[${PREFIX}${label}]`, value, why);

export const allowsAll = ({ enforce, audit, warn }: PodPolicy): boolean =>
  [enforce, audit, warn].every(({ level }) => level === OPEN.level);
