import type { KubeObject } from '../../objects/object.js';
import { resourceIdOf, resourceName } from '../compare/resource-id.js';
import { isDefinition } from '../compare/served-kinds.js';
import type { Target } from '../compare/targets.js';
import { DELETION_APPROVED, syncOption, waveOf } from '../execute/annotations.js';
import { deleteObject } from '../execute/apply-task.js';
import { isApproved } from '../execute/confirmation.js';
import type { Application } from './application.js';
import { BACKGROUND_FINALIZER, FINALIZER, FOREGROUND_FINALIZER } from './application.js';
import type { Finding } from './conditions.js';
import type { DeletionHook, HookDeps, HookProgress } from './deletion-hooks.js';
import { cleanUpDeletionHooks, HOOK_FINALIZERS, HOOK_RETRY_MS, runDeletionHooks } from './deletion-hooks.js';

const OWN_FINALIZERS = new Set([FINALIZER, BACKGROUND_FINALIZER, FOREGROUND_FINALIZER]);
const HOOK_STEPS = new Set<string>(Object.values(HOOK_FINALIZERS).flatMap(({ run, cleanUp }) => [run, cleanUp]));
const RESOURCE_POLICY = 'helm.sh/resource-policy';

const deleteOption = (object: KubeObject, { spec }: Application): string | undefined =>
  syncOption('Delete', object, spec.syncPolicy?.syncOptions ?? []);

/** Which objects a deleted application takes with it: not definitions, which hold the data of others. */
export const deletedWith = (managed: Iterable<KubeObject>, self: Application): readonly KubeObject[] =>
  [...managed].filter(
    (object) =>
      !isDefinition(object) &&
      object.metadata.uid !== self.metadata.uid &&
      deleteOption(object, self) !== 'false' &&
      object.metadata.annotations?.[RESOURCE_POLICY] !== 'keep',
  );

/** The objects to delete now: those of the highest wave; none while others are still on their way out. */
export const nextToDelete = (objects: readonly KubeObject[]): readonly KubeObject[] => {
  if (objects.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return [];
  const highest = Math.max(...objects.map(waveOf));
  return objects.filter((object) => waveOf(object) === highest);
};

/**
 * Why nothing of a deleted application is deleted: objects wait for a person's approval, given after the deletion was
 * asked for. Undefined when nothing does.
 */
export const heldBack = (objects: readonly KubeObject[], self: Application): string | undefined => {
  const held = objects.filter((object) => deleteOption(object, self) === 'confirm');
  const [first] = held;
  if (first === undefined || isApproved(self, self.metadata.deletionTimestamp ?? '')) return undefined;
  const more = held.length > 1 ? ` and ${held.length - 1} more resources` : '';
  return `waiting for deletion confirmation of ${resourceName(resourceIdOf(first))}${more}: annotate the application with ${DELETION_APPROVED}=<time, RFC 3339>`;
};

/** How far a deletion has come. */
export interface Deletion {
  readonly done: boolean;
  /** Why it does not go on by itself. */
  readonly finding?: Finding;
  readonly requeueAfterMs?: number;
  /** The application was changed, which brings the next step. */
  readonly moved?: boolean;
}

export interface DeletionDeps extends HookDeps {
  /** What the application deploys, with its hooks; a finding when that cannot be found out. */
  readonly targets: () => Promise<readonly Target[] | Finding>;
}

/**
 * Takes an application's deletion one step further: PreDelete hooks, with one of Argo CD's finalizers its objects, wave
 * after wave, and PostDelete hooks. Each finalizer that is removed is a step that is done. The events of what is deleted
 * bring the next step.
 */
export const deleteApplication = async (
  application: Application,
  deps: DeletionDeps,
  instance: string,
): Promise<Deletion> => {
  const finalizers = application.metadata.finalizers ?? [];
  const cascade = finalizers.filter((finalizer) => OWN_FINALIZERS.has(finalizer));
  const objects = cascade.length === 0 ? [] : deletedWith(deps.live.managed(instance).values(), application);
  const held = heldBack(objects, application);
  if (held !== undefined) return { done: false, finding: { reason: 'DeletionNotApproved', message: held } };
  const before = await stepHooks(application, 'PreDelete', deps, instance);
  if (before !== undefined) return before;
  if (objects.length > 0) {
    const policy = cascade.includes(BACKGROUND_FINALIZER) ? 'Background' : 'Foreground';
    await Promise.all(nextToDelete(objects).map((object) => deleteObject(object, deps, policy)));
    return { done: false };
  }
  if (cascade.length > 0) return await without(application, cascade, deps);
  return (await stepHooks(application, 'PostDelete', deps, instance)) ?? { done: true };
};

/** One step of the hooks of a type; undefined when there is none left. */
const stepHooks = async (
  application: Application,
  type: DeletionHook,
  deps: DeletionDeps,
  instance: string,
): Promise<Deletion | undefined> => {
  const finalizers = application.metadata.finalizers ?? [];
  const { run, cleanUp } = HOOK_FINALIZERS[type];
  const step = [run, cleanUp].find((finalizer) => finalizers.includes(finalizer));
  if (step === undefined) return undefined;
  let progress: HookProgress;
  if (step === cleanUp) progress = await cleanUpDeletionHooks(application, type, instance, deps);
  else {
    const targets = await deps.targets();
    if ('reason' in targets) return { done: false, finding: targets, requeueAfterMs: HOOK_RETRY_MS };
    progress = await runDeletionHooks(application, type, targets, instance, deps);
  }
  if (progress.type === 'done') return await without(application, [step], deps);
  return progress.type === 'waiting' ? { done: false } : { done: false, ...progress };
};

/** Removes finalizers. Done when none of ours is left. */
const without = async (
  application: Application,
  removed: readonly string[],
  { client }: Pick<DeletionDeps, 'client'>,
): Promise<Deletion> => {
  const { namespace, name, resourceVersion = '', finalizers = [] } = application.metadata;
  const rest = finalizers.filter((finalizer) => !removed.includes(finalizer));
  await client.patch(
    { apiVersion: application.apiVersion, kind: application.kind },
    namespace === undefined ? { name } : { namespace, name },
    { type: 'merge', body: { metadata: { finalizers: rest, resourceVersion } } },
  );
  return { done: !rest.some((finalizer) => HOOK_STEPS.has(finalizer) || OWN_FINALIZERS.has(finalizer)), moved: true };
};
