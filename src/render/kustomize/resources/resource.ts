import type { Node } from '../nodes/node.js';
import {
  fieldOf,
  fieldOrNew,
  isNilOrEmpty,
  isNull,
  requireTextKey,
  Node as NodeClass,
  setField,
  stringsOf,
  textOf,
} from '../nodes/node.js';
import { KustomizeError } from '../errors.js';
import type { Origin } from './origin.js';
import { ORIGIN_ANNOTATION, originText, TRANSFORMATIONS_ANNOTATION, transformationsText } from './origin.js';
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

/**
 * What Kustomize keeps in annotations is kept beside the node here. These entries stand for it, so that the annotations
 * are there for patches that add to them, and so that it is forgotten when a patch takes all annotations away.
 */
const STATE_MARK = `${INTERNAL_DOMAIN}previousNames`;
const MARKS = [STATE_MARK, ORIGIN_ANNOTATION, TRANSFORMATIONS_ANNOTATION];

/** One object on its way through the transformers, with what later steps must know of its past. */
export class Resource {
  /** The ids it had before renames, oldest first. */
  previousIds: ResourceId[] = [];
  prefixes: string[] = [];
  suffixes: string[] = [];
  #behavior: Behavior = 'unspecified';
  #hasBehavior = false;
  needsHash = false;
  allowNameChange = false;
  allowKindChange = false;
  /** Names of the vars whose value this resource gives. */
  varNames: string[] = [];
  #origin: Origin | undefined;
  #transformations: Origin[] = [];
  /** Whether the same node is in more than one place: where one transformer added a label, the next changes all. */
  sharesNodes = false;
  scopes: ClusterScopes | undefined;

  constructor(
    public node: Node,
    /** File and line it was read from; empty for what was generated. */
    readonly file = '',
    readonly line = 1,
    isCopy = false,
  ) {
    if (!isCopy) this.#takeInternalAnnotations();
  }

  get behavior(): Behavior {
    return this.#behavior;
  }

  set behavior(behavior: Behavior) {
    this.#behavior = behavior;
    this.#hasBehavior = true;
    this.#mark(STATE_MARK);
  }

  get origin(): Origin | undefined {
    return this.#origin;
  }

  set origin(origin: Origin | undefined) {
    this.#origin = origin;
    if (origin !== undefined) this.#mark(ORIGIN_ANNOTATION);
  }

  get transformations(): readonly Origin[] {
    return this.#transformations;
  }

  addTransformation(origin: Origin): void {
    this.#transformations.push(origin);
    this.#mark(TRANSFORMATIONS_ANNOTATION);
  }

  /** Lets a patch change the name or kind. Kustomize notes it on the patch, from where it comes to the target. */
  allowChanges(name: boolean, kind: boolean): void {
    this.allowNameChange = name;
    this.allowKindChange = kind;
    if (name || kind) this.#mark(STATE_MARK);
  }

  #mark(name: string): void {
    if (this.node.kind !== 'map' || isNull(this.node)) return;
    const annotations = fieldOrNew(fieldOrNew(this.node, 'metadata', 'map'), 'annotations', 'map');
    if (annotations.kind !== 'map') return;
    // Kustomize writes all annotations anew where it notes origins: what labels have elsewhere is no longer the same node.
    const isAnew = this.sharesNodes && name !== STATE_MARK;
    if (isAnew) for (const [other, value] of annotations.fields) annotations.fields.set(other, value.copy());
    annotations.fields.set(name, NodeClass.string(`${this.previousIds.length}`));
  }

  #hasMark(name: string): boolean {
    return fieldOf(fieldOf(fieldOf(this.node, 'metadata'), 'annotations'), name) !== undefined;
  }

  /** Forgets what a patch has taken away together with the annotations. */
  forgetUnmarked(): void {
    if (!this.#hasMark(ORIGIN_ANNOTATION)) this.#origin = undefined;
    if (!this.#hasMark(TRANSFORMATIONS_ANNOTATION)) this.#transformations = [];
    if (!this.#hasMark(STATE_MARK)) this.#forgetState();
  }

  #forgetState(): void {
    this.previousIds = [];
    this.prefixes = [];
    this.suffixes = [];
    this.needsHash = false;
    this.#behavior = 'unspecified';
    this.#hasBehavior = false;
  }

  /** After a JSON patch: the annotations are texts again, and Kustomize's own ones are put back. */
  restoreAnnotations(hadState: boolean): void {
    this.setMetaStrings('annotations', this.annotations);
    if (hadState) this.#mark(STATE_MARK);
    this.forgetUnmarked();
  }

  get hasState(): boolean {
    return this.#hasMark(STATE_MARK);
  }

  /**
   * Reads while the annotations hold what Kustomize keeps in them, not only its marks: whoever copies a whole `metadata`
   * copies that too, and it is printed.
   */
  withInternalAnnotations<T>(read: () => T): T {
    const annotations = fieldOf(fieldOf(this.node, 'metadata'), 'annotations');
    if (annotations?.kind !== 'map' || !MARKS.some((mark) => annotations.fields.has(mark))) return read();
    const { fields } = annotations;
    annotations.fields = new Map(fields);
    for (const [name, text] of this.#internalAnnotations(fields)) {
      if (text === '') annotations.fields.delete(name);
      else annotations.fields.set(name, NodeClass.string(text));
    }
    try {
      return read();
    } finally {
      annotations.fields = fields;
    }
  }

  #internalAnnotations(present: ReadonlyMap<string, Node>): (readonly [name: string, text: string])[] {
    const found: (readonly [name: string, text: string])[] = [];
    if (present.has(STATE_MARK)) {
      const ids = this.previousIds;
      const texts: Readonly<Record<string, string>> = {
        allowKindChange: this.allowKindChange ? 'enabled' : '',
        allowNameChange: this.allowNameChange ? 'enabled' : '',
        generatorBehavior: this.#hasBehavior ? this.#behavior : '',
        needsHashSuffix: this.needsHash ? 'enabled' : '',
        prefixes: this.prefixes.join(','),
        previousKinds: ids.map(({ kind }) => kind).join(','),
        previousNames: ids.map(({ name }) => name).join(','),
        previousNamespaces: ids.map(({ namespace }) => namespace).join(','),
        suffixes: this.suffixes.join(','),
      };
      for (const [name, text] of Object.entries(texts)) found.push([INTERNAL_DOMAIN + name, text]);
    }
    if (present.has(ORIGIN_ANNOTATION)) found.push([ORIGIN_ANNOTATION, this.#origin ? originText(this.#origin) : '']);
    if (present.has(TRANSFORMATIONS_ANNOTATION)) {
      found.push([TRANSFORMATIONS_ANNOTATION, transformationsText(this.#transformations)]);
    }
    return found;
  }

  /** Takes the marks off at the end of the build. */
  removeMarks(): void {
    const { annotations } = this;
    for (const mark of MARKS) annotations.delete(mark);
    this.setMetaStrings('annotations', annotations);
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
    this.#mark(STATE_MARK);
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
    const copy = new Resource(this.node.copy(), this.file, this.line, true);
    copy.previousIds = [...this.previousIds];
    copy.prefixes = [...this.prefixes];
    copy.suffixes = [...this.suffixes];
    copy.scopes = this.scopes;
    copy.#behavior = this.#behavior;
    copy.#hasBehavior = this.#hasBehavior;
    copy.needsHash = this.needsHash;
    copy.allowNameChange = this.allowNameChange;
    copy.allowKindChange = this.allowKindChange;
    copy.varNames = [...this.varNames];
    copy.#origin = this.#origin;
    copy.#transformations = [...this.#transformations];
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
    this.#behavior = other.#behavior;
    this.#hasBehavior = other.#hasBehavior;
    this.needsHash = this.needsHash && other.needsHash;
    if (this.#transformations.length === 0) this.#transformations = [...other.#transformations];
    this.varNames = [...other.varNames];
  }

  #metaText(field: string): string {
    const node = fieldOf(fieldOf(this.node, 'metadata'), field);
    return isNilOrEmpty(node) ? '' : (node?.text ?? '');
  }

  /** After a replacement: with the annotations of `source` comes what Kustomize keeps in them. */
  readAnnotations(source: Resource | undefined): void {
    const annotations = fieldOf(fieldOf(this.node, 'metadata'), 'annotations');
    if (annotations?.kind !== 'map') return;
    const { fields } = annotations;
    if (source?.origin !== undefined && textOf(fields.get(ORIGIN_ANNOTATION)) === originText(source.origin)) {
      this.origin = source.origin;
    }
    const transformations = transformationsText(source?.transformations ?? []);
    if (transformations !== '' && textOf(fields.get(TRANSFORMATIONS_ANNOTATION)) === transformations) {
      this.#transformations = [...(source?.transformations ?? [])];
      this.#mark(TRANSFORMATIONS_ANNOTATION);
    }
    if (![...fields.keys()].some((name) => name !== STATE_MARK && BUILD_ANNOTATIONS.has(name))) return;
    this.#forgetState();
    this.#takeInternalAnnotations();
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
      if (name === `${INTERNAL_DOMAIN}allowNameChange`) this.allowNameChange = text === 'enabled';
      if (name === `${INTERNAL_DOMAIN}allowKindChange`) this.allowKindChange = text === 'enabled';
      if (name === `${INTERNAL_DOMAIN}prefixes`) this.prefixes = listOf(text);
      if (name === `${INTERNAL_DOMAIN}suffixes`) this.suffixes = listOf(text);
      if (name === `${INTERNAL_DOMAIN}needsHashSuffix`) this.needsHash = text === 'enabled';
      if (name === `${INTERNAL_DOMAIN}generatorBehavior`) {
        this.#behavior = asBehavior(text);
        this.#hasBehavior = true;
      }
      annotations.fields.delete(name);
    }
    if (!found) return;
    this.previousIds = previousIdsOf(internal);
    this.#mark(STATE_MARK);
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
