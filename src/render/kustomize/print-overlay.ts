import type { BuiltOverlay } from './build/build-overlay.js';
import { wrapped } from './errors.js';
import { writeNode } from './nodes/write-nodes.js';
import type { Resource } from './resources/resource.js';
import { effectiveNamespace, idText, NO_NAMESPACE } from './resources/resource-id.js';

/** A built overlay as text, documents separated as `kubectl kustomize` does. */
export const printOverlay = ({ resources, file }: BuiltOverlay): string =>
  resources.map((resource) => printResource(resource, file)).join('---\n');

const printResource = (resource: Resource, kustomization: string): string => {
  try {
    return writeNode(resource.node);
  } catch (error) {
    throw wrapped(error, idText(resource.id), resource.file === '' ? kustomization : resource.file);
  }
};

/**
 * A file for every object, by the names that Kustomize gives them: `apps_v1_deployment_web.yaml`, with the namespace in
 * front when there are objects in more than one. Two that only differ in case or namespace can share a name: the later
 * one wins, those without a namespace last.
 */
export const overlayFiles = ({ resources, file }: BuiltOverlay): ReadonlyMap<string, string> => {
  const placed = resources.map((resource) => ({ resource, namespace: effectiveNamespace(resource.id) }));
  const inNamespaces = placed.filter(({ namespace }) => namespace !== NO_NAMESPACE);
  const isSpread = new Set(inNamespaces.map(({ namespace }) => namespace)).size > 1;
  const files = new Map<string, string>();
  for (const { resource, namespace } of inNamespaces) {
    files.set(`${isSpread ? `${namespace.toLowerCase()}_` : ''}${fileName(resource)}`, printResource(resource, file));
  }
  for (const { resource, namespace } of placed) {
    if (namespace === NO_NAMESPACE) files.set(fileName(resource), printResource(resource, file));
  }
  return files;
};

const fileName = ({ id }: Resource): string => {
  const { group, version, kind, name } = id;
  return `${[group, version, kind, name].filter((part) => part !== '').join('_')}.yaml`.toLowerCase();
};
