import type { Client } from '../../cluster/client/client.js';
import type { KubeObject } from '../../objects/object.js';
import type { LiveObjects } from '../compare/live-objects.js';
import { resourceIdOf, resourceName } from '../compare/resource-id.js';
import { isDefinition } from '../compare/served-kinds.js';
import { DELETION_APPROVED, syncOption, waveOf } from '../execute/annotations.js';
import { deleteObject } from '../execute/apply-task.js';
import { isApproved } from '../execute/confirmation.js';
import type { Application } from './application.js';
import { BACKGROUND_FINALIZER, FINALIZER, FOREGROUND_FINALIZER } from './application.js';
import type { Finding } from './conditions.js';

const OWN_FINALIZERS = new Set([FINALIZER, BACKGROUND_FINALIZER, FOREGROUND_FINALIZER]);
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
}

/**
 * Takes an application's deletion one step further: with one of Argo CD's finalizers its objects go first, wave after
 * wave; without, they stay. The events of what is deleted bring the next step.
 */
export const deleteApplication = async (
  application: Application,
  { client, live }: { readonly client: Client; readonly live: LiveObjects },
  instance: string,
): Promise<Deletion> => {
  const finalizers = application.metadata.finalizers ?? [];
  const own = finalizers.filter((finalizer) => OWN_FINALIZERS.has(finalizer));
  if (own.length === 0) return { done: true };
  const objects = deletedWith(live.managed(instance).values(), application);
  if (objects.length > 0) {
    const held = heldBack(objects, application);
    if (held !== undefined) return { done: false, finding: { reason: 'DeletionNotApproved', message: held } };
    const policy = own.includes(BACKGROUND_FINALIZER) ? 'Background' : 'Foreground';
    await Promise.all(nextToDelete(objects).map((object) => deleteObject(object, { client }, policy)));
    return { done: false };
  }
  const { namespace, name, resourceVersion = '' } = application.metadata;
  const rest = finalizers.filter((finalizer) => !OWN_FINALIZERS.has(finalizer));
  await client.patch(
    { apiVersion: application.apiVersion, kind: application.kind },
    namespace === undefined ? { name } : { namespace, name },
    { type: 'merge', body: { metadata: { finalizers: rest, resourceVersion } } },
  );
  return { done: true };
};
