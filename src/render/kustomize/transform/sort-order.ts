import { KustomizeError } from '../errors.js';
import type { ResourceId } from '../resources/resource-id.js';
import { gvkText, LEGACY_ORDER, legacySortText, sameGvk } from '../resources/resource-id.js';
import type { ResourceMap } from '../resources/resource-map.js';

export interface SortOptions {
  readonly order?: string;
  readonly legacySortOptions?: { readonly orderFirst?: readonly string[]; readonly orderLast?: readonly string[] };
}

/** Orders the output: as the files name the resources (`fifo`), or by kind and name (`legacy`). */
export const sortResources = (map: ResourceMap, { order = '', legacySortOptions }: SortOptions): void => {
  if (order !== 'legacy' && order !== 'fifo') {
    throw new KustomizeError("the field 'sortOptions.order' must be one of [fifo, legacy]");
  }
  if (order === 'fifo') {
    if (legacySortOptions === undefined) return;
    throw new KustomizeError(
      "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
    );
  }
  const first = legacySortOptions === undefined ? LEGACY_ORDER.first : (legacySortOptions.orderFirst ?? []);
  const last = legacySortOptions === undefined ? LEGACY_ORDER.last : (legacySortOptions.orderLast ?? []);
  const ranks = new Map<string, number>();
  for (const [at, kind] of first.entries()) ranks.set(kind, at - first.length);
  for (const [at, kind] of last.entries()) ranks.set(kind, at + 1);
  const keyed = map.resources.map((resource) => ({ resource, id: resource.id }));
  keyed.sort((left, right) => compareIds(left.id, right.id, ranks));
  map.resources = keyed.map(({ resource }) => resource);
};

const compareIds = (left: ResourceId, right: ResourceId, ranks: ReadonlyMap<string, number>): number => {
  if (sameGvk(left, right)) return compareText(idSortText(left), idSortText(right));
  const rank = (ranks.get(left.kind) ?? 0) - (ranks.get(right.kind) ?? 0);
  if (rank !== 0) return rank;
  const order = compareText(legacySortText(left), legacySortText(right));
  const areNamespaces = left.kind === 'Namespace' && right.kind === 'Namespace';
  return areNamespaces && (left.group === '' || right.group === '') ? -order : order;
};

const idSortText = (id: ResourceId): string => `${gvkText(id)}|${id.namespace || '~X'}|${id.name || '~N'}`;

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
