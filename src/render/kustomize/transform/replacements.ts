import { KustomizeError, wrapped } from '../errors.js';
import { isNilOrEmpty, Node, textOf } from '../nodes/node.js';
import type { Resource } from '../resources/resource.js';
import type { ResourceId } from '../resources/resource-id.js';
import { idText, isGvkSelected } from '../resources/resource-id.js';
import type { ResourceMap } from '../resources/resource-map.js';
import type { Selector } from '../resources/selector.js';
import { labelTest } from '../resources/selector.js';
import { lookupPath, matchPath } from './field-path.js';

export interface FieldOptions {
  readonly delimiter?: string;
  readonly index?: number;
  readonly encoding?: string;
  readonly create?: boolean;
}

export interface Replacement {
  readonly source?: Partial<ResourceId> & { readonly fieldPath?: string; readonly options?: FieldOptions };
  readonly sourceValue?: string;
  readonly targets?: readonly {
    readonly select?: Selector;
    readonly reject?: readonly Selector[];
    readonly fieldPaths?: readonly string[];
    readonly options?: FieldOptions;
  }[];
}

type Target = NonNullable<Replacement['targets']>[number];

/** Copies values from a field of one resource into fields of others. */
export const transformReplacements = (map: ResourceMap, replacements: readonly Replacement[]): void => {
  for (const [at, replacement] of replacements.entries()) {
    try {
      replace(map, replacement);
    } catch (error) {
      throw wrapped(error, `replacements[${at}]`);
    }
  }
};

const replace = (map: ResourceMap, replacement: Replacement): void => {
  const { source, sourceValue: literal, targets = [] } = replacement;
  if ((source === undefined && literal === undefined) || targets.length === 0) {
    throw new KustomizeError('replacements must specify a source and at least one target');
  }
  const copied = sourceValue(map, replacement);
  for (const target of targets) applyTarget(map, copied, target);
};

const DEFAULT_PATH = 'metadata.name';

interface Copied {
  readonly value: Node;
  /** Where the value is from, unless the kustomization has it. */
  readonly source?: Resource;
}

const sourceValue = (map: ResourceMap, { source, sourceValue: literal }: Replacement): Copied => {
  if (literal !== undefined) {
    if (source !== undefined) throw new KustomizeError('value and resource selectors are mutually exclusive');
    return { value: Node.scalar(literal) };
  }
  const selected = map.resources.filter((resource) => isSelected(resource, source ?? {}));
  const name = idText(source ?? {});
  const selector = name + (source?.fieldPath ? `:${source.fieldPath}` : '');
  if (selected.length > 1) throw new KustomizeError(`multiple matches for selector ${selector}`);
  const [resource] = selected;
  if (resource === undefined) throw new KustomizeError(`nothing selected by ${selector}`);
  const path = source?.fieldPath || DEFAULT_PATH;
  let node: Node | undefined;
  try {
    node = lookupPath(resource.node, path);
  } catch (error) {
    throw wrapped(error, 'error looking up replacement source');
  }
  if (node === undefined || isNilOrEmpty(node)) {
    throw new KustomizeError(`fieldPath \`${path}\` is missing for replacement source ${name}`);
  }
  const found = node;
  const value = resource.withInternalAnnotations(() => refined(found, source?.options));
  return { value, source: resource };
};

const refined = (node: Node, options: FieldOptions | undefined): Node => {
  const delimiter = options?.delimiter ?? '';
  // A text is the field itself: a target that changes its own source changes what the targets after it get.
  if (delimiter === '') return node.kind === 'scalar' ? node : node.copy();
  if (node.kind !== 'scalar') throw new KustomizeError('delimiter option can only be used with scalar nodes');
  const parts = textOf(node).split(delimiter);
  const index = options?.index ?? 0;
  const part = parts[index];
  if (part === undefined) {
    throw new KustomizeError(`options.index ${index} is out of bounds for value ${textOf(node)}`);
  }
  const copy = node.copy();
  copy.text = part;
  return copy;
};

const namespaceOf = (namespace: string): string => (namespace === '' ? 'default' : namespace);

const isSelected = (resource: Resource, selector: Partial<ResourceId>): boolean =>
  !resource.isEmpty &&
  resource.allIds.some(
    (id) =>
      (!selector.name || selector.name === id.name) &&
      (!selector.namespace || namespaceOf(selector.namespace) === namespaceOf(id.namespace)) &&
      isGvkSelected(id, selector),
  );

const applyTarget = (map: ResourceMap, { value, source }: Copied, target: Target): void => {
  const { select, reject = [] } = target;
  if (select === undefined) throw new KustomizeError('target must specify resources to select');
  const isSelectedByStrings = selectsByStrings(select);
  const rejections = reject.filter(hasStrings).map(selectsByStrings);
  const rejectedIds = reject.filter(hasId);
  for (const resource of map.resources) {
    if (resource.isEmpty || !isSelectedByStrings(resource)) continue;
    if (rejections.some((isRejected) => isRejected(resource)) || !isSelected(resource, select)) continue;
    if (rejectedIds.some((selector) => isSelected(resource, selector))) continue;
    copyValue(resource.node, value, target);
    resource.readAnnotations(source);
    resource.forgetUnmarked();
  }
};

const hasStrings = ({ labelSelector, annotationSelector }: Selector): boolean =>
  Boolean(labelSelector) || Boolean(annotationSelector);

const hasId = (selector: Selector): boolean =>
  [selector.group, selector.version, selector.kind, selector.name, selector.namespace].some(Boolean);

const selectsByStrings = (selector: Selector): ((resource: Resource) => boolean) => {
  const labels = labelTest(selector.labelSelector);
  const annotations = labelTest(selector.annotationSelector);
  return (resource) => annotations(() => resource.annotations) && labels(() => resource.labels);
};

const copyValue = (root: Node, value: Node, { fieldPaths, options }: Target): void => {
  const paths = fieldPaths === undefined || fieldPaths.length === 0 ? [DEFAULT_PATH] : fieldPaths;
  for (const path of paths) {
    const create = options?.create === true ? value.kind : undefined;
    const failure = `unable to find ${create === undefined ? '' : 'or create '}field "${path}" in replacement target`;
    let targets: Node[];
    try {
      targets = matchPath(root, path, create);
    } catch (error) {
      throw wrapped(error, failure);
    }
    if (targets.length === 0) throw new KustomizeError(failure);
    for (const target of targets) setValue(target, value.copy(), options);
  }
};

const setValue = (target: Node, value: Node, options: FieldOptions | undefined): void => {
  const delimiter = options?.delimiter ?? '';
  if (delimiter !== '') {
    if (target.kind !== 'scalar') throw new KustomizeError('delimiter option can only be used with scalar nodes');
    const parts = target.text.split(delimiter);
    const index = options?.index ?? 0;
    if (index < 0) parts.unshift(textOf(value));
    else if (index >= parts.length) parts.push(textOf(value));
    else parts[index] = textOf(value);
    value.text = parts.join(delimiter);
  }
  if (target.kind === 'scalar') target.text = value.text;
  else target.become(value);
};
