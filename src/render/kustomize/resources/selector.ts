import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { matchesLabels, SelectorError } from '../../../objects/selectors/label-selector.js';
import { parseLabelSelector } from '../../../objects/selectors/parse-label-selector.js';
import { KustomizeError } from '../errors.js';
import type { Resource } from './resource.js';
import type { ResourceId } from './resource-id.js';
import { effectiveNamespace } from './resource-id.js';

/** A target of patches: regular expressions that must match the whole text, and label selectors. */
export interface Selector extends Partial<ResourceId> {
  readonly labelSelector?: string;
  readonly annotationSelector?: string;
}

const load = createRequire(import.meta.url);
let engine: typeof RE2JS | undefined;

/** Loaded with the first expression that is more than a plain text: most builds have none. */
const loadEngine = (): typeof RE2JS => {
  engine ??= (load('re2js') as { RE2JS: typeof RE2JS }).RE2JS;
  return engine;
};

/** Whether a pattern matches itself and nothing else. */
export const isPlainText = (pattern: string): boolean => /^[A-Za-z0-9_-]+$/.test(pattern);

/** A regular expression as Go has them: linear time, whatever a repository writes. */
export const goRegExp = (pattern: string, field: string): ((text: string) => boolean) => {
  if (/^[A-Za-z0-9_-]*$/.test(pattern)) return (text) => text.includes(pattern);
  try {
    const expression = loadEngine().compile(pattern);
    return (text) => expression.matcher(text).find();
  } catch (error) {
    throw new KustomizeError(`${field}: ${(error as Error).message}`);
  }
};

const wholeText = (pattern: string | undefined, field: string): ((text: string) => boolean) => {
  if (pattern === undefined || pattern === '') return () => true;
  if (/^[A-Za-z0-9_-]*$/.test(pattern)) return (text) => text === pattern;
  return goRegExp(`^(?:${pattern})$`, field);
};

/** Kustomize reads no values as one empty value; Kubernetes itself refuses them. */
const NO_VALUES = /\b(in|notin)\s*\(\s*\)/g;

type LabelTest = (labels: () => ReadonlyMap<string, string>) => boolean;

/** A label selector as `kubectl` has it. It is read, and refused, with the first resource that it is asked about. */
export const labelTest = (text: string | undefined): LabelTest => {
  if (text === undefined || text === '') return () => true;
  let selector: ReturnType<typeof parseLabelSelector> | undefined;
  return (labels) => {
    try {
      selector ??= parseLabelSelector(text.replaceAll(NO_VALUES, '$1 (,)'));
    } catch (error) {
      throw error instanceof SelectorError ? new KustomizeError(error.message) : error;
    }
    return matchesLabels(selector, Object.fromEntries(labels()));
  };
};

export const compileSelector = (selector: Selector): ((resource: Resource) => boolean) => {
  const group = wholeText(selector.group, 'target.group');
  const version = wholeText(selector.version, 'target.version');
  const kind = wholeText(selector.kind, 'target.kind');
  const name = wholeText(selector.name, 'target.name');
  const namespace = wholeText(selector.namespace, 'target.namespace');
  const labels = labelTest(selector.labelSelector);
  const annotations = labelTest(selector.annotationSelector);
  return (resource) => {
    if (resource.isEmpty || !kind(resource.kind)) return false;
    const { id } = resource;
    const original = resource.originalId;
    return (
      (namespace(effectiveNamespace(original)) || namespace(effectiveNamespace(id))) &&
      (name(original.name) || name(id.name)) &&
      group(id.group) &&
      version(id.version) &&
      labels(() => resource.labels) &&
      annotations(() => resource.annotations)
    );
  };
};
