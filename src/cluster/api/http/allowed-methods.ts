import type { Target, Verb } from '../request.js';
import { methodNotAllowed, noSuchMethod, noSuchResource, notFound } from '../status-errors.js';

/** What the methods ask for: of one object, and of a collection. */
const VERBS: Readonly<Record<string, readonly [one: Verb | undefined, collection: Verb | undefined]>> = {
  GET: ['get', 'list'],
  POST: [undefined, 'create'],
  PUT: ['update', undefined],
  PATCH: ['patch', undefined],
  DELETE: ['delete', 'deletecollection'],
};

/** The method must be one that the path has. Throws NotFound or MethodNotAllowed, as discovery says what is served. */
export const checkMethod = (target: Target, method: string): void => {
  const { resource, name, subresource, namespace } = target;
  const [one, collection] = VERBS[method] ?? (method === 'HEAD' && resource.custom ? HEAD : NONE);
  if (subresource === 'proxy') return;
  if (subresource !== undefined) {
    const served = resource.subresources.find((each) => each.name === subresource);
    if (served === undefined) throw resource.custom ? notFound(resource, name ?? '') : noSuchResource();
    const verb = method === 'POST' ? 'create' : one;
    if (verb === undefined || !served.verbs.includes(verb)) throw methodNotAllowed(resource, verb ?? '');
    return;
  }
  // Objects that are only created have no path of their own.
  if (name !== undefined && !resource.verbs.includes('get') && !resource.custom) throw noSuchResource();
  const verb = name === undefined ? collection : one;
  if (verb === undefined || !resource.verbs.includes(verb)) {
    throw methodNotAllowed(resource, verb ?? (method === 'POST' ? 'create' : ''));
  }
  const isEverywhere = resource.namespaced && namespace === undefined && name === undefined;
  if (isEverywhere && verb !== 'list') throw resource.custom ? methodNotAllowed(resource, verb) : noSuchMethod();
};

const HEAD = ['get', 'list'] as const;
const NONE = [undefined, undefined] as const;
