import type { KubeObject } from '../../../objects/object.js';
import {
  matchesLabels,
  selectorFromObject,
  type LabelSelectorObject,
} from '../../../objects/selectors/label-selector.js';
import type { Store } from '../../store/store.js';
import type { ServedResource } from '../request.js';
import type { ResourceRegistry } from '../resource-registry.js';
import { resourcePrefix } from '../storage-keys.js';

/** A policy or a binding that cannot be used as it is configured. */
export class ConfigurationError extends Error {}

/** A policy that no binding can make work. */
export class PolicyError extends ConfigurationError {}

interface ParamKind {
  readonly apiVersion?: string;
  readonly kind?: string;
}

interface ParamRef {
  readonly name?: string;
  readonly namespace?: string;
  readonly selector?: LabelSelectorObject;
  readonly parameterNotFoundAction?: string;
}

type Convert = (object: KubeObject, apiVersion: string, resource: ServedResource) => KubeObject | Promise<KubeObject>;

/** Where parameters are found. */
export interface ParamSource {
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly convert: Convert;
}

/**
 * The parameters of a binding, for each of which its policy is evaluated; null alone where there are none to be had and
 * none are needed. Throws a ConfigurationError.
 */
export const paramsOf = async (
  source: ParamSource,
  kind: ParamKind | undefined,
  reference: ParamRef | undefined,
  requestNamespace: string | undefined,
): Promise<readonly (KubeObject | null)[]> => {
  if (kind === undefined) return [null];
  const { apiVersion = '', kind: name = '' } = kind;
  const resource = source.registry.ofKind({ apiVersion, kind: name });
  if (resource === undefined) {
    throw new PolicyError(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${name}'`);
  }
  if (reference === undefined) return [null];
  const stored = found(source.store, resource, reference, requestNamespace);
  if (stored.length === 0 && reference.parameterNotFoundAction === 'Deny')
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
  return Promise.all(stored.map(async (object) => source.convert(object, apiVersion, resource)));
};

const found = (
  store: Store,
  resource: ServedResource,
  { name, namespace, selector }: ParamRef,
  requestNamespace: string | undefined,
): readonly KubeObject[] => {
  const prefix = resourcePrefix(resource) + folder(resource, namespace ?? '', requestNamespace);
  if ((name ?? '') !== '') {
    const stored = store.get(`${prefix}${name ?? ''}`);
    return stored === undefined ? [] : [stored.object];
  }
  if (selector === undefined) throw new ConfigurationError('one of name or selector must be provided');
  const parsed = selectorFromObject(selector);
  return store
    .list(prefix)
    .items.map(({ object }) => object)
    .filter(({ metadata }) => matchesLabels(parsed, metadata.labels));
};

const folder = ({ namespaced }: ServedResource, given: string, requestNamespace: string | undefined): string => {
  if (!namespaced) {
    if (given === '') return '';
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const namespace = given === '' ? (requestNamespace ?? '') : given;
  if (namespace === '')
    throw new ConfigurationError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  return `${namespace}/`;
};
