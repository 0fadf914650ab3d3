import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { KustomizeError } from '../errors.js';
import { compileLabelSelector } from './label-selector.js';
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
    throw new KustomizeError(`${field}: error parsing regexp: ${(error as Error).message}`);
  }
};

const wholeText = (pattern: string | undefined, field: string): ((text: string) => boolean) => {
  if (pattern === undefined || pattern === '') return () => true;
  if (/^[A-Za-z0-9_-]*$/.test(pattern)) return (text) => text === pattern;
  return goRegExp(`^(?:${pattern})$`, field);
};

export const compileSelector = (selector: Selector): ((resource: Resource) => boolean) => {
  const group = wholeText(selector.group, 'target.group');
  const version = wholeText(selector.version, 'target.version');
  const kind = wholeText(selector.kind, 'target.kind');
  const name = wholeText(selector.name, 'target.name');
  const namespace = wholeText(selector.namespace, 'target.namespace');
  const labels = compileLabelSelector(selector.labelSelector ?? '');
  const annotations = compileLabelSelector(selector.annotationSelector ?? '');
  return (resource) => {
    if (resource.isEmpty || !kind(resource.kind)) return false;
    const { id } = resource;
    const original = resource.originalId;
    return (
      (namespace(effectiveNamespace(original)) || namespace(effectiveNamespace(id))) &&
      (name(original.name) || name(id.name)) &&
      group(id.group) &&
      version(id.version) &&
      (labels === undefined || labels(resource.labels)) &&
      (annotations === undefined || annotations(resource.annotations))
    );
  };
};
