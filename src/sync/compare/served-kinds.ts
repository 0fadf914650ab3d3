import type { ApiResource } from '../../cluster/client/client.js';
import { groupOf } from '../../objects/kind.js';
import type { KubeObject } from '../../objects/object.js';

export type Scope = 'namespaced' | 'cluster';

/** Finds out whether objects of a kind live in namespaces; undefined for a kind that is not served. */
export type ScopeOf = (apiVersion: string, kind: string) => Scope | undefined;

/** The scopes of what a cluster serves. */
export const servedScopes = (resources: readonly ApiResource[]): ScopeOf => {
  const scopes = new Map<string, Scope>();
  for (const { apiVersion, kind, resource, namespaced } of resources) {
    if (!resource.includes('/')) scopes.set(`${apiVersion}/${kind}`, namespaced ? 'namespaced' : 'cluster');
  }
  return (apiVersion, kind) => scopes.get(`${apiVersion}/${kind}`);
};

interface Definition {
  readonly spec?: {
    readonly group?: string;
    readonly scope?: string;
    readonly names?: { readonly kind?: string };
    readonly versions?: readonly { readonly name?: string; readonly served?: boolean }[];
  };
}

export const isDefinition = (object: KubeObject): boolean =>
  object.kind === 'CustomResourceDefinition' && groupOf(object.apiVersion) === 'apiextensions.k8s.io';

/** The scopes of kinds that CustomResourceDefinitions among the objects define. */
export const definedScopes = (objects: readonly KubeObject[]): ScopeOf => {
  const scopes = new Map<string, Scope>();
  for (const object of objects.filter(isDefinition)) {
    const { spec } = object as Definition;
    for (const { name, served } of spec?.versions ?? []) {
      if (served === false) continue;
      const id = `${spec?.group ?? ''}/${name ?? ''}/${spec?.names?.kind ?? ''}`;
      scopes.set(id, spec?.scope === 'Cluster' ? 'cluster' : 'namespaced');
    }
  }
  return (apiVersion, kind) => scopes.get(`${apiVersion}/${kind}`);
};
