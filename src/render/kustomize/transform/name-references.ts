import { KustomizeError, wrapped } from '../errors.js';
import type { Node } from '../nodes/node.js';
import { fieldOf, isNull, lookup, Node as NodeClass, setField, setScalar, textOf } from '../nodes/node.js';
import type { Resource } from '../resources/resource.js';
import type { Gvk } from '../resources/resource-id.js';
import { effectiveNamespace, idText, isClusterScoped, isGvkSelected, NO_NAMESPACE } from '../resources/resource-id.js';
import type { ResourceMap } from '../resources/resource-map.js';
import type { FieldSpec } from './field-spec.js';
import { applyPath } from './field-spec.js';
import type { NameReference } from './transformer-config.js';

/** Makes every reference to a renamed resource name it as it is called now. */
export const fixNameReferences = (map: ResourceMap, references: readonly NameReference[]): void => {
  const renamed = indexByEarlierName(map.resources);
  for (const resource of map.resources) subjectNamespaces(resource);
  if (renamed.size === 0) return;
  const byKind = new Map<string, readonly FieldReference[]>();
  const namespaces = new OriginalNamespaces(map.resources);
  for (const referrer of map.resources) {
    if (referrer.isEmpty) continue;
    const original = referrer.originalId;
    let candidates: Candidates | undefined;
    let ofKind = byKind.get(original.kind);
    if (ofKind === undefined) {
      ofKind = referencesOf(original.kind, references);
      byKind.set(original.kind, ofKind);
    }
    for (const { spec, reference } of ofKind) {
      if (!isGvkSelected(original, spec)) continue;
      candidates ??= new Candidates(referrer, renamed, namespaces);
      fixField(referrer, spec, reference, candidates);
    }
  }
};

interface FieldReference {
  readonly spec: FieldSpec;
  readonly reference: NameReference;
}

/** The fields of one kind that name others, in the order of the table. */
const referencesOf = (kind: string, references: readonly NameReference[]): FieldReference[] =>
  references.flatMap((reference) =>
    reference.fieldSpecs.filter((spec) => !spec.kind || spec.kind === kind).map((spec) => ({ spec, reference })),
  );

const indexByEarlierName = (resources: readonly Resource[]): Map<string, Resource[]> => {
  const index = new Map<string, Resource[]>();
  for (const resource of resources) {
    for (const name of new Set(resource.earlierIds.map((id) => id.name))) {
      const list = index.get(name);
      if (list === undefined) index.set(name, [resource]);
      else list.push(resource);
    }
  }
  return index;
};

/** The resources that one referrer may mean by an earlier name. */
class Candidates {
  readonly #isClusterScoped: boolean;
  readonly #namespace: string;
  readonly #subjectNamespaces: ReadonlySet<string>;

  constructor(
    readonly referrer: Resource,
    private readonly renamed: ReadonlyMap<string, Resource[]>,
    private readonly namespaces: OriginalNamespaces,
  ) {
    const { id } = referrer;
    this.#isClusterScoped = isClusterScoped(id);
    this.#namespace = effectiveNamespace(id);
    this.#subjectNamespaces = subjectNamespaces(referrer);
  }

  named(name: string): Resource[] {
    const found = this.renamed.get(name) ?? [];
    if (this.#isClusterScoped) return found;
    return found.filter((resource) => this.#mayMean(resource));
  }

  /** Whether anything that the referrer may mean was in a namespace at first, whatever its name. */
  hasOriginally(namespace: string): boolean {
    const reach = this.#isClusterScoped ? '' : [this.#namespace, ...this.#subjectNamespaces].join(' ');
    return this.namespaces.of(reach, (resource) => this.#isClusterScoped || this.#mayMean(resource)).has(namespace);
  }

  #mayMean(resource: Resource): boolean {
    return (
      isClusterScoped(resource.id) ||
      effectiveNamespace(resource.id) === this.#namespace ||
      this.#subjectNamespaces.has(resource.namespace)
    );
  }

  sameNamespace(resource: Resource): boolean {
    return (
      this.#isClusterScoped ||
      isClusterScoped(resource.id) ||
      resource.kind === 'ServiceAccount' ||
      effectiveNamespace(resource.id) === this.#namespace
    );
  }
}

/** The first namespaces of the resources within a reach, found once for each. */
class OriginalNamespaces {
  readonly #byReach = new Map<string, ReadonlySet<string>>();

  constructor(private readonly resources: readonly Resource[]) {}

  of(reach: string, isWithin: (resource: Resource) => boolean): ReadonlySet<string> {
    let found = this.#byReach.get(reach);
    if (found === undefined) {
      const within = this.resources.filter(isWithin);
      found = new Set(within.map((resource) => effectiveNamespace(resource.originalId)));
      this.#byReach.set(reach, found);
    }
    return found;
  }
}

const subjectNamespaces = (referrer: Resource): Set<string> => {
  const namespaces = new Set<string>();
  if (referrer.kind !== 'RoleBinding') return namespaces;
  for (const subject of fieldOf(referrer.node, 'subjects')?.items ?? []) {
    const namespace = fieldOf(subject, 'namespace');
    if (namespace === undefined || textOf(fieldOf(subject, 'kind')) !== 'ServiceAccount') continue;
    if (isNull(namespace)) {
      throw new KustomizeError(`Invalid Input: namespace is blank for resource "${idText(referrer.id)}"`);
    }
    namespaces.add(namespace.text);
  }
  return namespaces;
};

const fixField = (referrer: Resource, spec: FieldSpec, target: Partial<Gvk>, candidates: Candidates): void => {
  const setName = (node: Node): void => {
    const referral = selectReferral(node.text, candidates.named(node.text), spec, target, candidates, sameNames);
    if (referral === undefined || referral.name === node.text) return;
    setScalar(node, NodeClass.scalar(referral.name));
  };
  const setReference = (node: Node): void => {
    if (isNull(node)) return;
    if (node.kind === 'scalar') setName(node);
    else if (node.kind === 'map') setNameAndNamespace(node, spec, target, candidates);
    else throw new KustomizeError('a reference is expected to be either a string or a map of string');
  };
  try {
    applyPath(referrer.node, spec, {
      set: (node) => {
        if (isNull(node)) return;
        if (node.kind === 'list') for (const item of node.items) setReference(item);
        else setReference(node);
      },
    });
  } catch (error) {
    throw wrapped(error, `updating name reference in '${spec.path}' field of '${idText(referrer.id)}'`);
  }
};

const setNameAndNamespace = (node: Node, spec: FieldSpec, target: Partial<Gvk>, candidates: Candidates): void => {
  const name = fieldOf(node, 'name');
  if (name === undefined) throw new KustomizeError("path config error; no 'name' field in node");
  const named = inNamespace(candidates.named(name.text), fieldOf(node, 'namespace'), candidates);
  const referral = selectReferral(name.text, named, spec, target, candidates, sameNamesAndNamespaces);
  if (referral === undefined) return;
  if (referral.name === name.text && referral.namespace === '') return;
  setField(node, 'name', NodeClass.scalar(referral.name));
  if (referral.namespace !== '') setField(node, 'namespace', NodeClass.scalar(referral.namespace));
};

/** By the namespaces that the candidates had at first, unless none was in this one; then by those that they have now. */
const inNamespace = (named: Resource[], namespace: Node | undefined, candidates: Candidates): Resource[] => {
  if (namespace === undefined) return named;
  const { text } = namespace;
  if (text === NO_NAMESPACE) return [];
  const isOriginal = candidates.hasOriginally(text);
  return named.filter((resource) => effectiveNamespace(isOriginal ? resource.originalId : resource.id) === text);
};

const selectReferral = (
  oldName: string,
  named: Resource[],
  spec: FieldSpec,
  target: Partial<Gvk>,
  candidates: Candidates,
  areSame: (resources: readonly Resource[]) => boolean,
): Resource | undefined => {
  if (named.length === 0) return undefined;
  const roleRef = spec.path.endsWith('roleRef/name') ? roleRefGvk(candidates.referrer) : undefined;
  let found = named.filter(
    (resource) =>
      resource.earlierIds.some((id) => isGvkSelected(id, target)) &&
      (roleRef === undefined || resource.earlierIds.some((id) => isGvkSelected(id, roleRef))) &&
      candidates.sameNamespace(resource),
  );
  if (found.length === 1) return found[0];
  found = found.filter((resource) => sameAffixes(resource, candidates.referrer, true));
  if (found.length > 1) found = found.filter((resource) => sameAffixes(resource, candidates.referrer, false));
  if (found.length === 1 || (found.length > 1 && areSame(found))) return found[0];
  if (found.length === 0) return undefined;
  const ids = found.map((resource) => idText(resource.id)).join(', ');
  throw new KustomizeError(`found multiple possible referrals for "${oldName}": ${ids}`);
};

const roleRefGvk = (referrer: Resource): Partial<Gvk> | undefined => {
  const group = lookup(referrer.node, 'roleRef', 'apiGroup');
  const kind = lookup(referrer.node, 'roleRef', 'kind');
  return group === undefined || kind === undefined ? undefined : { group: group.text, kind: kind.text };
};

const sameNames = (resources: readonly Resource[]): boolean =>
  resources.every((resource) => resource.name === resources[0]?.name);

const sameNamesAndNamespaces = (resources: readonly Resource[]): boolean =>
  sameNames(resources) && resources.every((resource) => resource.namespace === resources[0]?.namespace);

/** Whether two resources got the same prefixes and suffixes: they come from the same layers. */
const sameAffixes = (left: Resource, right: Resource, allowsNone: boolean): boolean =>
  endAlike(left.prefixes, right.prefixes, allowsNone) && endAlike(left.suffixes, right.suffixes, allowsNone);

const endAlike = (left: readonly string[], right: readonly string[], allowsNone: boolean): boolean => {
  if (allowsNone && (left.length === 0 || right.length === 0)) return true;
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  if (short.length === 0) return long.length === 0;
  return short.every((affix, at) => long[at + long.length - short.length] === affix);
};
