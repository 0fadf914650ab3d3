import type { Client } from '../../cluster/client/client.js';
import type { KubeObject } from '../../objects/object.js';
import type { LiveObjects } from '../compare/live-objects.js';
import { isDefinition } from '../compare/served-kinds.js';
import { hasSyncOption, waveOf } from '../execute/annotations.js';
import { deleteObject } from '../execute/apply-task.js';
import type { Application } from './application.js';
import { BACKGROUND_FINALIZER, FINALIZER, FOREGROUND_FINALIZER } from './application.js';

const OWN_FINALIZERS = new Set([FINALIZER, BACKGROUND_FINALIZER, FOREGROUND_FINALIZER]);
const RESOURCE_POLICY = 'helm.sh/resource-policy';

/** Which objects a deleted application takes with it: not definitions, which hold the data of others. */
export const deletedWith = (managed: Iterable<KubeObject>, self: Application): readonly KubeObject[] =>
  [...managed].filter(
    (object) =>
      !isDefinition(object) &&
      object.metadata.uid !== self.metadata.uid &&
      !hasSyncOption(object, 'Delete=false') &&
      object.metadata.annotations?.[RESOURCE_POLICY] !== 'keep',
  );

/** The objects to delete now: those of the highest wave; none while others are still on their way out. */
export const nextToDelete = (objects: readonly KubeObject[]): readonly KubeObject[] => {
  if (objects.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return [];
  const highest = Math.max(...objects.map(waveOf));
  return objects.filter((object) => waveOf(object) === highest);
};

/**
 * Takes an application's deletion one step further: with one of Argo CD's finalizers its objects go first, wave after
 * wave; without, they stay. The events of what is deleted bring the next step.
 */
export const deleteApplication = async (
  application: Application,
  { client, live }: { readonly client: Client; readonly live: LiveObjects },
  instance: string,
): Promise<{ readonly done: boolean }> => {
  const finalizers = application.metadata.finalizers ?? [];
  const own = finalizers.filter((finalizer) => OWN_FINALIZERS.has(finalizer));
  if (own.length === 0) return { done: true };
  const objects = deletedWith(live.managed(instance).values(), application);
  if (objects.length > 0) {
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
