import type { Client } from '../../cluster/client/client.js';
import { isApiError } from '../../objects/api-error.js';
import type { KubeObject } from '../../objects/object.js';
import type { IgnoreDifference, ResourceResult } from '../applications/application.js';
import { fieldValidation, FIELD_MANAGER, isRefusal } from '../compare/compare.js';
import { keepIgnored, rulesFor } from '../compare/ignore-differences.js';
import type { LiveObjects } from '../compare/live-objects.js';
import { objectKeyOf, resourceName } from '../compare/resource-id.js';
import { placeOf } from '../compare/targets.js';
import { trackedBy } from '../compare/tracking.js';
import { deletePolicies, syncOption } from './annotations.js';
import type { SyncTask } from './plan.js';
import { resultFor, UNCHANGED } from './progress.js';

/** Marks a hook with the operation that made it, so that after a crash it is found again and not run twice. */
export const OPERATION_ANNOTATION = 'fairlead.dev/operation';

export interface TaskContext {
  readonly client: Client;
  readonly live: LiveObjects;
  /** The application's name in tracking ids. */
  readonly instance: string;
  /** Names the operation: when it started, and its attempt. */
  readonly operationId: string;
  readonly syncOptions: readonly string[];
  readonly ignoreDifferences: readonly IgnoreDifference[];
  /** The operation asks to replace what cannot be changed. */
  readonly force: boolean;
}

const option = (task: SyncTask, context: TaskContext, name: string): string | undefined =>
  syncOption(name, task.target?.object ?? task.live, context.syncOptions);

const failure = (task: SyncTask, why: string): ResourceResult => {
  const place = task.target === undefined ? '' : `${placeOf(task.target)}: `;
  return resultFor(task, { status: 'SyncFailed', hookPhase: 'Failed', message: `${place}${why}` });
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Applies one object. Undefined when it has to be tried again after another object is gone: an older hook of the same
 * name, or what is being replaced. Failures are results; only a broken connection throws.
 */
export const applyTask = async (task: SyncTask, context: TaskContext): Promise<ResourceResult | undefined> => {
  const { target } = task;
  if (target === undefined) throw new Error(`${task.key} has nothing to apply`);
  const live = context.live.get(task.id);
  if (live !== undefined && task.hook) {
    if (live.metadata.annotations?.[OPERATION_ANNOTATION] === context.operationId) return running(task, 'created');
    if (live.metadata.deletionTimestamp !== undefined) return undefined;
    if (deletePolicies(target.object).includes('BeforeHookCreation')) {
      await deleteObject(live, context, 'Background');
      return undefined;
    }
  }
  const owner = live === undefined ? undefined : trackedBy(live);
  if (owner !== undefined && owner !== context.instance && option(task, context, 'FailOnSharedResource') === 'true') {
    return failure(task, `${resourceName(task.id)} belongs to application "${owner}"`);
  }
  try {
    return await write(task, live, context);
  } catch (error) {
    if (!isRefusal(error) && !isApiError(error, 'NotFound')) throw error;
    const mayReplace = context.force || option(task, context, 'Force') === 'true';
    if (!mayReplace || live === undefined || !isApiError(error, 'Invalid')) return failure(task, messageOf(error));
    if (live.metadata.deletionTimestamp === undefined) await deleteObject(live, context, 'Background');
    return undefined;
  }
};

const write = async (
  task: SyncTask,
  live: KubeObject | undefined,
  context: TaskContext,
): Promise<ResourceResult | undefined> => {
  const wanted = desiredObject(task, live, context);
  const validation = fieldValidation(wanted, context.syncOptions);
  if (option(task, context, 'Replace') === 'true') {
    const written =
      live === undefined
        ? await context.client.create(wanted, { fieldManager: FIELD_MANAGER, fieldValidation: validation })
        : await context.client.update(wanted, { fieldManager: FIELD_MANAGER, fieldValidation: validation });
    return resultOfWrite(task, live, written, context);
  }
  const written = await context.client.apply(wanted, {
    fieldManager: FIELD_MANAGER,
    force: true,
    fieldValidation: validation,
  });
  return resultOfWrite(task, live, written, context);
};

const resultOfWrite = (
  task: SyncTask,
  live: KubeObject | undefined,
  written: KubeObject,
  context: TaskContext,
): ResourceResult => {
  context.live.observe(written);
  if (live === undefined) return running(task, 'created');
  const same = live.metadata.resourceVersion === written.metadata.resourceVersion;
  return running(task, same ? UNCHANGED : 'configured');
};

const running = (task: SyncTask, message: string): ResourceResult =>
  resultFor(task, { status: 'Synced', hookPhase: 'Running', message });

const desiredObject = (task: SyncTask, live: KubeObject | undefined, context: TaskContext): KubeObject => {
  const object = task.target?.object;
  if (object === undefined) throw new Error(`${task.key} has nothing to apply`);
  if (task.hook) {
    const annotations = { ...object.metadata.annotations, [OPERATION_ANNOTATION]: context.operationId };
    return { ...object, metadata: { ...object.metadata, annotations } };
  }
  if (live === undefined || option(task, context, 'RespectIgnoreDifferences') !== 'true') return object;
  return keepIgnored(rulesFor(context.ignoreDifferences, object), object, live);
};

/** Asks the server whether it would take the object. The refusal, or undefined when it would. */
export const dryRunTask = async (task: SyncTask, context: TaskContext): Promise<ResourceResult | undefined> => {
  const { target } = task;
  if (target === undefined) return undefined;
  try {
    await context.client.apply(target.object, {
      fieldManager: FIELD_MANAGER,
      force: true,
      dryRun: true,
      fieldValidation: fieldValidation(target.object, context.syncOptions),
    });
    return undefined;
  } catch (error) {
    const replaces = context.force || ['Force', 'Replace'].some((name) => option(task, context, name) === 'true');
    if (isApiError(error, 'Invalid') && replaces && context.live.get(task.id) !== undefined) return undefined;
    if (isRefusal(error) || isApiError(error, 'NotFound')) return failure(task, messageOf(error));
    throw error;
  }
};

/** Deletes one object, unless it is no longer the one that was looked at. */
export const deleteObject = async (
  object: KubeObject,
  { client }: Pick<TaskContext, 'client'>,
  propagationPolicy: 'Foreground' | 'Background' | 'Orphan',
): Promise<void> => {
  const { uid } = object.metadata;
  const { namespace = '', name } = object.metadata;
  try {
    await client.delete({ apiVersion: object.apiVersion, kind: object.kind }, objectKeyOf({ namespace, name }), {
      propagationPolicy,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    });
  } catch (error) {
    // Gone, or another object by that name: in both cases the one that was meant is no longer there.
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
  }
};

/** Deletes what the application no longer has; waits for nothing. */
export const pruneTask = async (task: SyncTask, context: TaskContext): Promise<ResourceResult> => {
  const { live, skip } = task;
  if (skip !== undefined) return resultFor(task, { status: 'PruneSkipped', hookPhase: 'Succeeded', message: skip });
  if (live === undefined || context.live.get(task.id) === undefined) {
    return resultFor(task, { status: 'Pruned', hookPhase: 'Succeeded', message: 'pruned' });
  }
  if (live.metadata.deletionTimestamp === undefined) {
    try {
      await deleteObject(live, context, propagation(task, context));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return failure(task, messageOf(error));
    }
  }
  return resultFor(task, { status: 'Pruned', hookPhase: 'Running', message: 'pruned' });
};

const PROPAGATION = { foreground: 'Foreground', background: 'Background', orphan: 'Orphan' } as const;

const propagation = (task: SyncTask, context: TaskContext): 'Foreground' | 'Background' | 'Orphan' => {
  const wanted = option(task, context, 'PrunePropagationPolicy');
  return wanted === 'background' || wanted === 'orphan' ? PROPAGATION[wanted] : 'Foreground';
};
