import type { Client } from '../../cluster/client/client.js';
import { ApiError } from '../../objects/api-error.js';
import type { KubeObject } from '../../objects/object.js';
import type { IgnoreDifference, SyncStatusCode } from '../applications/application.js';
import { hasCompareOption, hasSyncOption, syncOption } from '../execute/annotations.js';
import { digestOf, liveDigest } from './digest.js';
import { sameValue } from './field-paths.js';
import { rulesFor, withoutIgnored } from './ignore-differences.js';
import { comparable } from './normalize.js';
import type { Target } from './targets.js';

/** The name under which the operator owns fields. */
export const FIELD_MANAGER = 'argocd-controller';

/** One object of an application: wanted, there, or both. */
export interface Compared {
  readonly key: string;
  readonly target?: Target;
  readonly live?: KubeObject;
  readonly status: SyncStatusCode;
  /** Why the server would refuse to apply the target. */
  readonly refusal?: string;
  /** There, and no longer wanted. */
  readonly requiresPruning: boolean;
}

interface Remembered {
  readonly mark: string;
  readonly status: SyncStatusCode;
  readonly refusal?: string;
}

/** What the last comparison of an application came to: what did not change since is not asked again. */
export type ComparisonMemory = Map<string, Remembered>;

export interface CompareInput {
  /** Plain objects only; hooks take no part. */
  readonly targets: readonly Target[];
  /** The live object of a target, or undefined. */
  readonly liveOf: (target: Target) => KubeObject | undefined;
  /** What the application has deployed and is still there, without hooks. */
  readonly managed: ReadonlyMap<string, KubeObject>;
  readonly ignoreDifferences: readonly IgnoreDifference[];
  readonly syncOptions: readonly string[];
  readonly memory: ComparisonMemory;
}

/** Dry runs of one comparison that are under way at the same time. */
const CONCURRENCY = 8;

/**
 * Compares what an application wants with what is there, by asking the server what an apply would change. Nothing is
 * asked for an object that is not there, nor for one that is as it was at the last comparison.
 */
export const compareObjects = async (client: Client, input: CompareInput): Promise<readonly Compared[]> => {
  const wanted = new Set(input.targets.map(({ key }) => key));
  for (const key of input.memory.keys()) if (!wanted.has(key)) input.memory.delete(key);
  const compared: Compared[] = [];
  const waiting = [...input.targets.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      compared[next[0]] = await compareTarget(client, next[1], input);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, waiting.length) }, work));
  const extras = [...input.managed]
    .filter(([key]) => !wanted.has(key))
    .map(([key, live]): Compared => {
      const ignored = hasCompareOption(live, 'IgnoreExtraneous');
      return { key, live, status: ignored ? 'Synced' : 'OutOfSync', requiresPruning: true };
    });
  return [...compared, ...extras];
};

const compareTarget = async (client: Client, target: Target, input: CompareInput): Promise<Compared> => {
  const live = input.liveOf(target);
  const { key } = target;
  if (live === undefined) return { key, target, status: 'OutOfSync', requiresPruning: false };
  const rules = rulesFor(input.ignoreDifferences, target.object);
  const mark = `${target.digest} ${liveDigest(live)} ${rules.length === 0 ? '' : digestOf(rules)}`;
  let remembered = input.memory.get(key);
  if (remembered?.mark !== mark) {
    remembered = { mark, ...(await differs(client, target, live, rules, input.syncOptions)) };
    input.memory.set(key, remembered);
  }
  const { status, refusal } = remembered;
  return { key, target, live, status, requiresPruning: false, ...(refusal === undefined ? {} : { refusal }) };
};

const differs = async (
  client: Client,
  target: Target,
  live: KubeObject,
  rules: readonly IgnoreDifference[],
  syncOptions: readonly string[],
): Promise<{ readonly status: SyncStatusCode; readonly refusal?: string }> => {
  try {
    const answer = await client.apply(target.object, {
      fieldManager: FIELD_MANAGER,
      force: true,
      dryRun: true,
      fieldValidation: fieldValidation(target.object, syncOptions),
    });
    const sides = withoutIgnored(rules, comparable(answer), comparable(live));
    return { status: sameValue(sides.predicted, sides.live) ? 'Synced' : 'OutOfSync' };
  } catch (error) {
    // The server understood and refused: the object differs, and a sync will say why. Anything else is its own problem.
    if (isRefusal(error)) return { status: 'OutOfSync', refusal: error.message };
    throw error;
  }
};

/** The server will give the same answer again until the manifest changes. */
export const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  (['Invalid', 'BadRequest', 'Forbidden', 'Conflict'].includes(error.reason) || fitsNoSchema(error));

/** Kubernetes has neither reason nor code for an applied object with a field that its kind does not have: only words. */
const fitsNoSchema = ({ reason, message }: ApiError): boolean =>
  reason === 'Unknown' && message.startsWith('failed to create typed patch object');

/** Unknown fields are errors unless `Validate=false` says otherwise. */
export const fieldValidation = (object: KubeObject, syncOptions: readonly string[]): 'Strict' | 'Ignore' =>
  syncOption('Validate', object, syncOptions) === 'false' ? 'Ignore' : 'Strict';

/** Remembers that a target is in sync after the operator itself applied it. */
export const rememberApplied = (memory: ComparisonMemory, target: Target, applied: KubeObject): void => {
  if (hasSyncOption(target.object, 'Replace=true')) return;
  memory.set(target.key, { mark: `${target.digest} ${liveDigest(applied)} `, status: 'Synced' });
};
