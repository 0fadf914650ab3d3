import type { Node } from '../nodes/node.js';
import {
  fieldOf,
  fieldOrNew,
  isNilOrEmpty,
  requireTextKey,
  Node as NodeClass,
  setField,
  stringsOf,
  textOf,
} from '../nodes/node.js';
import { KustomizeError } from '../errors.js';
import type { Origin } from './origin.js';
import type { ClusterScopes, ResourceId } from './resource-id.js';
import { effectiveNamespace, parseApiVersion } from './resource-id.js';

export type Behavior = 'unspecified' | 'create' | 'replace' | 'merge';

/** Internal marks that Kustomize itself keeps in annotations under this domain; they never reach the output. */
const INTERNAL_DOMAIN = 'internal.config.kubernetes.io/';
const BUILD_ANNOTATIONS = new Set(
  ['previousKinds', 'previousNames', 'prefixes', 'suffixes', 'previousNamespaces', 'allowNameChange', 'allowKindChange']
    .concat(['refBy', 'generatorBehavior', 'needsHashSuffix', 'path', 'index', 'seqindent', 'id'])
    .map((name) => INTERNAL_DOMAIN + name)
    .concat('internal.config.kubernetes.io/annotations-migration-resource-id')
    .concat('config.kubernetes.io/path', 'config.kubernetes.io/index', 'config.k8s.io/id'),
);

/** One object on its way through the transformers, with what later steps must know of its past. */
export class Resource {
  /** The ids it had before renames, oldest first. */
  previousIds: ResourceId[] = [];
  prefixes: string[] = [];
  suffixes: string[] = [];
  behavior: Behavior = 'unspecified';
  needsHash = false;
  allowNameChange = false;
  allowKindChange = false;
  /** Names of the vars whose value this resource gives. */
  varNames: string[] = [];
  origin: Origin | undefined;
  transformations: Origin[] = [];
  scopes: ClusterScopes | undefined;

  constructor(
    public node: Node,
    /** File and line it was read from; empty for what was generated. */
    readonly file = '',
    readonly line = 1,
  ) {
    this.#takeInternalAnnotations();
  }

  /** Whether a patch has deleted it. */
  get isEmpty(): boolean {
    return isNilOrEmpty(this.node);
  }

  get kind(): string {
    return textOf(fieldOf(this.node, 'kind'));
  }

  get apiVersion(): string {
    return textOf(fieldOf(this.node, 'apiVersion'));
  }

  get name(): string {
    return this.#metaText('name');
  }

  get namespace(): string {
    return this.#metaText('namespace');
  }

  get id(): ResourceId {
    const { apiVersion, kind, name, namespace } = this;
    const { group, version } = parseApiVersion(apiVersion);
    const id = { group, version, kind, name, namespace };
    return this.scopes?.has(`${apiVersion}/${kind}`) === true ? { ...id, isClusterScoped: true } : id;
  }

  get originalId(): ResourceId {
    return this.#pastIds()[0] ?? this.id;
  }

  /** Earlier ids, then the present one; the group and version of all are the present ones. */
  get allIds(): ResourceId[] {
    return [...this.#pastIds(), this.id];
  }

  get earlierIds(): ResourceId[] {
    return this.#pastIds();
  }

  #pastIds(): ResourceId[] {
    if (this.previousIds.length === 0) return [];
    const { group, version } = parseApiVersion(this.apiVersion);
    return this.previousIds.map((id) => ({ ...id, group, version }));
  }

  rememberId(): void {
    const id = this.id;
    if (id.name === '') return;
    this.previousIds.push({ ...id, namespace: effectiveNamespace(id) });
  }

  setName(name: string): void {
    setField(fieldOrNew(this.node, 'metadata', 'map'), 'name', NodeClass.scalar(name));
  }

  setNamespace(namespace: string): void {
    const metadata = fieldOf(this.node, 'metadata');
    if (namespace === '') {
      if (metadata?.kind === 'map') metadata.fields.delete('namespace');
      return;
    }
    setField(fieldOrNew(this.node, 'metadata', 'map'), 'namespace', NodeClass.scalar(namespace));
  }

  setKind(kind: string): void {
    setField(this.node, 'kind', NodeClass.scalar(kind));
  }

  setApiVersion(apiVersion: string): void {
    setField(this.node, 'apiVersion', NodeClass.scalar(apiVersion));
  }

  get labels(): Map<string, string> {
    return stringsOf(fieldOf(fieldOf(this.node, 'metadata'), 'labels'));
  }

  get annotations(): Map<string, string> {
    return stringsOf(fieldOf(fieldOf(this.node, 'metadata'), 'annotations'));
  }

  /** Sets a whole map of metadata; an empty one removes the field. */
  setMetaStrings(field: 'labels' | 'annotations', values: ReadonlyMap<string, string>): void {
    const metadata = fieldOrNew(this.node, 'metadata', 'map');
    metadata.fields.delete(field);
    if (values.size === 0) return;
    const map = fieldOrNew(metadata, field, 'map');
    for (const name of [...values.keys()].sort()) {
      requireTextKey(name);
      setField(map, name, NodeClass.string(values.get(name) ?? ''));
    }
  }

  setAnnotation(name: string, value: string): void {
    this.setMetaStrings('annotations', new Map([...this.annotations, [name, value]]));
  }

  copy(): Resource {
    const copy = new Resource(this.node.copy(), this.file, this.line);
    copy.previousIds = [...this.previousIds];
    copy.prefixes = [...this.prefixes];
    copy.suffixes = [...this.suffixes];
    copy.scopes = this.scopes;
    copy.behavior = this.behavior;
    copy.needsHash = this.needsHash;
    copy.allowNameChange = this.allowNameChange;
    copy.allowKindChange = this.allowKindChange;
    copy.varNames = [...this.varNames];
    copy.origin = this.origin;
    copy.transformations = [...this.transformations];
    return copy;
  }

  /** What a generated resource takes over from the one that it merges into or replaces. */
  takeMetadataOf(other: Resource): void {
    this.setMetaStrings('labels', new Map([...other.labels, ...this.labels]));
    this.setMetaStrings('annotations', new Map([...other.annotations, ...this.annotations]));
    this.setName(other.name);
    this.setNamespace(other.namespace);
    this.previousIds = [...other.previousIds];
    this.prefixes = [...other.prefixes];
    this.suffixes = [...other.suffixes];
    this.behavior = other.behavior;
    this.needsHash = this.needsHash && other.needsHash;
    this.varNames = [...other.varNames];
  }

  #metaText(field: string): string {
    const node = fieldOf(fieldOf(this.node, 'metadata'), field);
    return isNilOrEmpty(node) ? '' : (node?.text ?? '');
  }

  /** Functions and earlier tools leave these in files; Kustomize takes them for its own and drops them. */
  #takeInternalAnnotations(): void {
    const metadata = fieldOf(this.node, 'metadata');
    const annotations = fieldOf(metadata, 'annotations');
    if (annotations?.kind !== 'map') return;
    let found = false;
    const internal = stringsOf(annotations);
    for (const name of annotations.fields.keys()) {
      if (!BUILD_ANNOTATIONS.has(name)) continue;
      found = true;
      const text = textOf(annotations.fields.get(name));
      if (name === `${INTERNAL_DOMAIN}prefixes`) this.prefixes = listOf(text);
      if (name === `${INTERNAL_DOMAIN}suffixes`) this.suffixes = listOf(text);
      if (name === `${INTERNAL_DOMAIN}needsHashSuffix`)
        this.needsHash = textOf(annotations.fields.get(name)) === 'enabled';
      if (name === `${INTERNAL_DOMAIN}generatorBehavior`) {
        this.behavior = asBehavior(textOf(annotations.fields.get(name)));
      }
      annotations.fields.delete(name);
    }
    if (found) this.previousIds = previousIdsOf(internal);
    if (found && annotations.fields.size === 0) metadata?.fields.delete('annotations');
  }
}

const listOf = (text: string | undefined): string[] => (text ? text.split(',') : []);

/** Ids that a file brings along in Kustomize's own annotations. */
const previousIdsOf = (internal: ReadonlyMap<string, string>): ResourceId[] => {
  const [names, namespaces, kinds] = ['previousNames', 'previousNamespaces', 'previousKinds'].map((name) =>
    listOf(internal.get(INTERNAL_DOMAIN + name)),
  );
  if (names?.length !== namespaces?.length || names?.length !== kinds?.length) {
    throw new KustomizeError(
      'number of previous names, number of previous namespaces, number of previous kinds not equal',
    );
  }
  return (names ?? []).map((name, at) => ({
    group: '',
    version: '',
    kind: kinds?.[at] ?? '',
    name,
    namespace: namespaces?.[at] ?? '',
  }));
};

export const asBehavior = (text: string | undefined): Behavior =>
  text === 'create' || text === 'replace' || text === 'merge' ? text : 'unspecified';
