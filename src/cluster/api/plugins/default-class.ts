import type { KubeObject } from '../../../objects/object.js';
import type { Store } from '../../store/store.js';

/** The newest of the classes that one of the annotations makes the default. */
export const defaultClass = (
  store: Store,
  resource: `${string}/${string}`,
  annotations: readonly string[],
): KubeObject | undefined =>
  store
    .list(`/registry/${resource}/`)
    .items.map(({ object }) => object)
    .filter(({ metadata }) => annotations.some((name) => metadata.annotations?.[name] === 'true'))
    .toSorted(newestFirst)[0];

const newestFirst = ({ metadata: left }: KubeObject, { metadata: right }: KubeObject): number => {
  const [a, b] = [left.creationTimestamp ?? '', right.creationTimestamp ?? ''];
  if (a !== b) return a > b ? -1 : 1;
  return left.name < right.name ? -1 : 1;
};
