import { groupOf } from '../../objects/kind.js';
import type { Target } from './request.js';

/** Every object lives under `/registry/<group>/<resource>/[<namespace>/]<name>`; the core group is called `core`. */
export const resourcePrefix = (resource: { storageVersion: string; plural: string }): string => {
  const group = groupOf(resource.storageVersion);
  return `/registry/${group === '' ? 'core' : group}/${resource.plural}/`;
};

export const storageKey = ({ resource, namespace }: Target, name: string): string =>
  namespace === undefined ? resourcePrefix(resource) + name : `${resourcePrefix(resource)}${namespace}/${name}`;

/** The prefix of what a list or watch covers. */
export const collectionPrefix = ({ resource, namespace }: Target): string =>
  namespace === undefined ? resourcePrefix(resource) : `${resourcePrefix(resource)}${namespace}/`;
