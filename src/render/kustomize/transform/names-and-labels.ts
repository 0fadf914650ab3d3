import { KustomizeError } from '../errors.js';
import { isNull, Node, requireTextKey, setField, setScalar } from '../nodes/node.js';
import { requireKind } from '../nodes/require-kind.js';
import type { Gvk } from '../resources/resource-id.js';
import { gvkText, isGvkSelected } from '../resources/resource-id.js';
import type { ResourceMap } from '../resources/resource-map.js';
import type { FieldSpec } from './field-spec.js';
import { applyFieldSpecs } from './field-spec.js';

/** Names of these kinds mean something elsewhere: they are never prefixed. */
const UNPREFIXED: readonly Partial<Gvk>[] = [
  { kind: 'CustomResourceDefinition' },
  { group: 'apiregistration.k8s.io', kind: 'APIService' },
  { kind: 'Namespace' },
];

/** Puts a prefix in front of names or a suffix behind them. */
export const transformNames = (
  map: ResourceMap,
  where: 'prefix' | 'suffix',
  affix: string,
  specs: readonly FieldSpec[],
): void => {
  for (const resource of map.resources) {
    if (resource.isEmpty) continue;
    const original = resource.originalId;
    if (UNPREFIXED.some((gvk) => isGvkSelected(original, gvk))) continue;
    for (const spec of specs) {
      if (!isGvkSelected(original, spec)) continue;
      if (spec.path === 'metadata/name' && affix !== '') {
        (where === 'prefix' ? resource.prefixes : resource.suffixes).push(affix);
        resource.rememberId();
      }
      applyFieldSpecs(resource.node, [spec], {
        set: (node) => {
          requireKind('scalar', node);
          setScalar(node, Node.scalar(where === 'prefix' ? affix + node.text : node.text + affix));
        },
        createKind: 'scalar',
      });
    }
  }
};

/** Sets entries of the maps that the specs lead to: labels, selectors, annotations. */
export const transformStrings = (
  map: ResourceMap,
  values: Readonly<Record<string, string>>,
  specs: readonly FieldSpec[],
): void => {
  const names = Object.keys(values).sort();
  for (const resource of map.resources) {
    for (const name of names) {
      // One node for all places of the object, as in Kustomize: who sets one of them later, sets all.
      const value = Node.string(values[name] ?? '');
      resource.sharesNodes = true;
      applyFieldSpecs(resource.node, specs, {
        set: (target) => {
          if (isNull(target)) return;
          requireKind('map', target);
          if (!target.fields.has(name)) requireTextKey(name);
          setField(target, name, value);
        },
        createKind: 'map',
      });
    }
  }
};

export interface ReplicaChange {
  readonly name?: string;
  readonly count: number;
}

export const transformReplicas = (map: ResourceMap, change: ReplicaChange, specs: readonly FieldSpec[]): void => {
  let found = false;
  for (const spec of specs) {
    const targets = map.byAnyId(change.name ?? '', (id) => isGvkSelected(id, spec));
    if (targets.length > 0) found = true;
    for (const { node } of targets) {
      applyFieldSpecs(node, [spec], {
        set: (target) => {
          requireKind('scalar', target);
          setScalar(target, Node.scalar(String(change.count), '!!int'));
        },
        createKind: 'scalar',
      });
    }
  }
  if (found) return;
  const kinds = specs.map(gvkText).join(' ');
  throw new KustomizeError(
    `resource with name ${change.name ?? ''} does not match a config with the following GVK [${kinds}]`,
  );
};
