import { groupOf } from '../../objects/kind.js';
import type { KubeObject } from '../../objects/object.js';
import type { SyncPhase } from '../applications/application.js';
import type { Compared } from '../compare/compare.js';
import type { ResourceId } from '../compare/resource-id.js';
import { resourceIdOf } from '../compare/resource-id.js';
import { isDefinition } from '../compare/served-kinds.js';
import type { Target } from '../compare/targets.js';
import { hasSyncOption, syncOption, waveOf } from './annotations.js';
import { kindIndex } from './kind-order.js';

/** One thing that a sync does with one object. */
export interface SyncTask {
  /** `<phase> <group>/<kind>:<namespace>/<name>`: names the task in the operation's results. */
  readonly key: string;
  readonly id: ResourceId;
  readonly phase: SyncPhase;
  readonly wave: number;
  readonly hook: boolean;
  /** What to apply; absent when the object is to be deleted. */
  readonly target?: Target;
  readonly live?: KubeObject;
  /** Why the object is left alone although it should be deleted. */
  readonly skip?: string;
  /** The object is deleted only after a person has approved it. */
  readonly needsApproval?: boolean;
}

export interface PlanOptions {
  /** Delete what the application no longer has. */
  readonly prune: boolean;
  /** The application's and the operation's options, the later one counts. */
  readonly syncOptions: readonly string[];
  /** Delete only when everything else is healthy, so that a revision that fails has removed nothing. */
  readonly pruneWhenHealthy: boolean;
  /** Objects of a selective sync; absent: all, with hooks. */
  readonly selected?: (id: ResourceId) => boolean;
  /** Tasks that the operation has begun: they stay in the plan whatever became of their objects. */
  readonly begun?: ReadonlySet<string>;
}

export interface PlanInput {
  /** Plain objects, with their live state and what there is to prune. */
  readonly compared: readonly Compared[];
  readonly hooks: readonly Target[];
  readonly options: PlanOptions;
}

const PHASES: readonly SyncPhase[] = ['PreSync', 'Sync', 'PostSync', 'SyncFail'];

/** Everything a sync does, in order: by phase, wave, kind and name; deletions with mirrored waves. */
export const planSync = ({ compared, hooks, options }: PlanInput): readonly SyncTask[] => {
  const selected = compared.filter(({ target, live }) => {
    const object = target?.object ?? live;
    return object !== undefined && (options.selected?.(resourceIdOf(object)) ?? true);
  });
  const begun = options.begun ?? new Set<string>();
  const outOfSyncOnly = syncOption('ApplyOutOfSyncOnly', undefined, options.syncOptions) === 'true';
  const applies = selected
    .filter(
      ({ key, target, status }) =>
        target !== undefined && (!outOfSyncOnly || status !== 'Synced' || begun.has(`Sync ${key}`)),
    )
    .map((item) => applyTask(item));
  const hookTasks = options.selected === undefined ? hooks.flatMap(tasksOfHook) : [];
  const prunes = selected.filter((item) => item.requiresPruning).map((item) => pruneTask(item, options));
  const waved = withPruneWaves([...applies, ...hookTasks], prunes, options);
  return bubbleUp(bubbleUp(waved.sort(compareTasks), isNamespaceOf), isDefinitionOf);
};

const applyTask = ({ key, target, live }: Compared): SyncTask => {
  if (target === undefined) throw new Error(`${key} has no target`);
  const base = { key: `Sync ${key}`, id: target.id, phase: 'Sync', wave: target.wave, hook: false, target } as const;
  return live === undefined ? base : { ...base, live };
};

const tasksOfHook = (target: Target): readonly SyncTask[] =>
  PHASES.filter((phase) => target.hooks.includes(phase)).map((phase) => ({
    key: `${phase} ${target.key}`,
    id: target.id,
    phase,
    wave: target.wave,
    hook: true,
    target,
  }));

const pruneTask = ({ key, live }: Compared, options: PlanOptions): SyncTask => {
  if (live === undefined) throw new Error(`${key} is not there`);
  const wanted = syncOption('Prune', live, options.syncOptions);
  const skip = wanted === 'false' ? 'ignored (no prune)' : options.prune ? undefined : 'ignored (requires pruning)';
  const base = {
    key: `Sync ${key}`,
    id: resourceIdOf(live),
    phase: 'Sync',
    wave: waveOf(live),
    hook: false,
    live,
  } as const;
  if (skip !== undefined) return { ...base, skip };
  return wanted === 'confirm' ? { ...base, needsApproval: true } : base;
};

/**
 * What was made first is deleted last: the waves of deletions are swapped, lowest with highest. `PruneLast`, of the
 * application or the object, puts a deletion into one more wave after all others.
 */
const withPruneWaves = (tasks: readonly SyncTask[], prunes: readonly SyncTask[], options: PlanOptions): SyncTask[] => {
  const waves = [...new Set(prunes.map(({ wave }) => wave))].sort((left, right) => left - right);
  const mirrored = new Map(waves.map((wave, index) => [wave, waves[waves.length - 1 - index] ?? wave]));
  const swapped = prunes.map((task) => ({ ...task, wave: mirrored.get(task.wave) ?? task.wave }));
  const all = [...tasks, ...swapped];
  const last = 1 + Math.max(-1, ...all.filter(({ phase }) => phase === 'Sync').map(({ wave }) => wave));
  const lastForAll = syncOption('PruneLast', undefined, options.syncOptions) === 'true';
  const placed = swapped.map((task) => {
    if (lastForAll || (task.live !== undefined && hasSyncOption(task.live, 'PruneLast=true')))
      return { ...task, wave: last };
    return options.pruneWhenHealthy ? { ...task, wave: last + waves.indexOf(task.wave) } : task;
  });
  return [...tasks, ...placed];
};

const compareTasks = (left: SyncTask, right: SyncTask): number =>
  PHASES.indexOf(left.phase) - PHASES.indexOf(right.phase) ||
  left.wave - right.wave ||
  kindIndex(left.id.kind) - kindIndex(right.id.kind) ||
  compareText(left.id.name, right.id.name) ||
  compareText(left.key, right.key);

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Moves an object that others cannot do without before the first of them, into its phase and wave. */
const bubbleUp = (
  tasks: readonly SyncTask[],
  isNeededBy: (needed: SyncTask, by: SyncTask) => boolean,
): readonly SyncTask[] => {
  const ordered = [...tasks];
  for (let at = 1; at < ordered.length; at++) {
    const needed = ordered[at];
    if (needed?.target === undefined) continue;
    if (needed.id.kind !== 'Namespace' && needed.id.kind !== 'CustomResourceDefinition') continue;
    const first = ordered.findIndex(
      (task, index) => index < at && task.target !== undefined && isNeededBy(needed, task),
    );
    const before = ordered[first];
    if (before === undefined) continue;
    ordered.splice(at, 1);
    ordered.splice(first, 0, { ...needed, phase: before.phase, wave: before.wave });
  }
  return ordered;
};

const isNamespaceOf = (needed: SyncTask, by: SyncTask): boolean =>
  needed.id.kind === 'Namespace' && needed.id.group === '' && by.id.namespace === needed.id.name;

const isDefinitionOf = (needed: SyncTask, by: SyncTask): boolean => {
  const object = needed.target?.object;
  if (object === undefined || !isDefinition(object)) return false;
  const { spec } = object as {
    readonly spec?: { readonly group?: string; readonly names?: { readonly kind?: string } };
  };
  return by.id.group === spec?.group && by.id.kind === spec.names?.kind;
};

/** The tasks that run together: neighbours of one phase and wave. */
export const stepsOf = (tasks: readonly SyncTask[]): readonly (readonly SyncTask[])[] => {
  const steps: SyncTask[][] = [];
  for (const task of tasks) {
    const last = steps.at(-1);
    if (last?.[0]?.phase === task.phase && last[0].wave === task.wave) last.push(task);
    else steps.push([task]);
  }
  return steps;
};

/** The tasks of a step in groups of neighbours of one kind: a group is applied at once, groups one after another. */
export const kindGroups = (tasks: readonly SyncTask[]): readonly (readonly SyncTask[])[] => {
  const groups: SyncTask[][] = [];
  for (const task of tasks) {
    const object = task.target?.object;
    const last = groups.at(-1)?.at(-1)?.target?.object;
    if (object !== undefined && last?.kind === object.kind && groupOf(last.apiVersion) === groupOf(object.apiVersion)) {
      groups.at(-1)?.push(task);
    } else {
      groups.push([task]);
    }
  }
  return groups;
};
