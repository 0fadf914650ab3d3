import { jsonEquals } from '../../../objects/json.js';
import type { DaemonSet } from '../../../objects/kinds/apps-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { ServedResource } from '../request.js';

/** Counts the templates of a DaemonSet; a field of versions that are gone, kept as an annotation since. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

const counted = (set: DaemonSet): number => Number(set.metadata.annotations?.[TEMPLATE_GENERATION] ?? '0') || 0;

const withCount = (set: DaemonSet, count: number): KubeObject => ({
  ...set,
  metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(count) } },
});

const isDaemonSet = ({ group, plural }: ServedResource): boolean => group === 'apps' && plural === 'daemonsets';

/** A new DaemonSet with the number of its template. */
export const numberedTemplate = (resource: ServedResource, object: KubeObject): KubeObject =>
  isDaemonSet(resource) ? withCount(object as DaemonSet, Math.max(1, counted(object as DaemonSet))) : object;

/** A changed DaemonSet with the number of its template, which no client sets. */
export const renumberedTemplate = (resource: ServedResource, asked: KubeObject, current: KubeObject): KubeObject => {
  if (!isDaemonSet(resource)) return asked;
  const [set, before] = [asked as DaemonSet, current as DaemonSet];
  const same = jsonEquals(set.spec?.template, before.spec?.template);
  return withCount(set, counted(before) + (same ? 0 : 1));
};
