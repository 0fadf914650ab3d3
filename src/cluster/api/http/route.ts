import type { ApiError } from '../../../objects/api-error.js';
import type { Target } from '../request.js';
import type { ResourceRegistry } from '../resource-registry.js';
import { badRequest, noSuchResource, pageNotFound, PlainError } from '../status-errors.js';

/** A path below `/api` or `/apis`, taken apart. */
export interface ResourceRoute {
  readonly target: Target;
  /** What follows a `proxy` subresource, with its slash; empty when nothing does. */
  readonly rest: string;
  /** True below the old `/watch/` prefix. */
  readonly watch: boolean;
}

/** Parts of a namespace itself; every other name after a namespace is a resource in it. */
const NAMESPACE_PARTS = new Set(['status', 'finalize']);

/** The segments of a path, after its decoding. Throws BadRequest for what cannot be decoded. */
export const segmentsOf = (path: string): readonly string[] => {
  if (!path.includes('%')) return path.split('/').slice(1);
  try {
    return decodeURIComponent(path).split('/').slice(1);
  } catch {
    throw new PlainError('BadRequest', '400 Bad Request');
  }
};

/** The resource that a path names. Throws NotFound when nothing is served there. */
export const resourceRoute = (registry: ResourceRegistry, path: string): ResourceRoute => {
  const segments = segmentsOf(path);
  const isCore = segments[0] === 'api';
  const apiVersion = isCore ? (segments[1] ?? '') : `${segments[1] ?? ''}/${segments[2] ?? ''}`;
  let rest = segments.slice(isCore ? 2 : 3);
  const watch = rest[0] === 'watch' && rest.length > 1;
  if (watch) rest = rest.slice(1);
  while (rest.at(-1) === '' && rest.length > 0 && rest[3] !== 'proxy' && rest[4] !== 'proxy') rest = rest.slice(0, -1);
  const { namespace, plural, name, subresource, tail } = partsOf(rest);
  if (!registry.all.some((each) => each.apiVersion === apiVersion))
    throw unknownVersion(registry, isCore ? '' : segments[1]);
  const resource = registry.find(apiVersion, plural);
  if (resource === undefined && registry.all.every((each) => each.custom || each.apiVersion !== apiVersion)) {
    throw pageNotFound();
  }
  if (resource === undefined || (namespace !== undefined) !== (resource.namespaced && namespace !== undefined)) {
    throw noSuchResource();
  }
  if (resource.namespaced && namespace === undefined && name !== undefined) {
    throw resource.custom ? pageNotFound() : noSuchResource();
  }
  if (namespace === '' || name === '' || subresource === '') throw noSuchResource();
  if (tail.length > 0 && subresource !== 'proxy') throw noSuchResource();
  if (name === '.' || name === '..') throw badRequest(`Name parameter invalid: "${name}": may not be '${name}'`);
  const target: Target = {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
  return { target, rest: tail.length === 0 ? '' : `/${tail.join('/')}`, watch };
};

/** Built-in groups know which of their paths lead nowhere; others do not even know that they are asked. */
const unknownVersion = (registry: ResourceRegistry, group: string | undefined): ApiError =>
  group !== '' && registry.all.some((each) => each.group === group && !each.custom) ? noSuchResource() : pageNotFound();

interface Parts {
  readonly namespace?: string | undefined;
  readonly plural: string;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly tail: readonly string[];
}

/** The parts of a path below its version. */
export const partsOf = (segments: readonly string[]): Parts => {
  const [first = '', second, third] = segments;
  const inNamespace = first === 'namespaces' && third !== undefined && !NAMESPACE_PARTS.has(third);
  const [plural = '', name, subresource, ...tail] = inNamespace ? segments.slice(2) : segments;
  return inNamespace ? { namespace: second, plural, name, subresource, tail } : { plural, name, subresource, tail };
};
