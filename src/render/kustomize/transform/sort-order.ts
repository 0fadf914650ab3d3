import { KustomizeError } from '../errors.js';
import type { ResourceId } from '../resources/resource-id.js';
import { gvkText, LEGACY_ORDER, legacySortText, sameGvk } from '../resources/resource-id.js';
import type { Resource } from '../resources/resource.js';
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
  const keyed = map.resources.map((resource) => sortKeyOf(resource, ranks));
  keyed.sort(compareKeys);
  map.resources = keyed.map(({ resource }) => resource);
};

interface SortKey {
  readonly resource: Resource;
  readonly id: ResourceId;
  readonly rank: number;
  readonly kindText: string;
  readonly idText: string;
}

const sortKeyOf = (resource: Resource, ranks: ReadonlyMap<string, number>): SortKey => {
  const { id } = resource;
  return { resource, id, rank: ranks.get(id.kind) ?? 0, kindText: legacySortText(id), idText: idSortText(id) };
};

const compareKeys = (left: SortKey, right: SortKey): number => {
  if (sameGvk(left.id, right.id)) return compareText(left.idText, right.idText);
  if (left.rank !== right.rank) return left.rank - right.rank;
  const order = compareText(left.kindText, right.kindText);
  const areNamespaces = left.id.kind === 'Namespace' && right.id.kind === 'Namespace';
  return areNamespaces && (left.id.group === '' || right.id.group === '') ? -order : order;
};

const idSortText = (id: ResourceId): string => `${gvkText(id)}|${id.namespace || '~X'}|${id.name || '~N'}`;

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
