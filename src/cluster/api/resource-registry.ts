import type { KindRef } from '../../objects/kind.js';
import { builtinResources, metricsResources, type Resource } from '../../objects/schema/resource-table.js';
import type { ServedResource } from './request.js';

type Listener = () => void;

/** What is served now: the built-in resources, and the custom ones that come and go. */
export class ResourceRegistry {
  readonly #byPlural = new Map<string, ServedResource>();
  readonly #byKind = new Map<string, ServedResource>();
  /** Custom resources by the name of the CustomResourceDefinition that they come from. */
  readonly #custom = new Map<string, readonly ServedResource[]>();
  readonly #listeners = new Set<Listener>();
  #all: readonly ServedResource[] = [];

  constructor(builtin: readonly Resource[] = [...builtinResources, ...metricsResources]) {
    const served = builtin.map((resource) => ({ ...resource, custom: false, listKind: `${resource.kind}List` }));
    this.#all = served;
    for (const resource of served) this.#add(resource);
  }

  /** In the order of discovery. */
  get all(): readonly ServedResource[] {
    return this.#all;
  }

  /** By path: `find('apps/v1', 'deployments')`. */
  find(apiVersion: string, plural: string): ServedResource | undefined {
    return this.#byPlural.get(`${apiVersion}/${plural}`);
  }

  ofKind({ apiVersion, kind }: KindRef): ServedResource | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** Replaces what a definition serves; nothing for an empty list. */
  setCustom(definition: string, resources: readonly ServedResource[]): void {
    for (const resource of this.#custom.get(definition) ?? []) {
      this.#byPlural.delete(`${resource.apiVersion}/${resource.plural}`);
      this.#byKind.delete(`${resource.apiVersion}/${resource.kind}`);
    }
    if (resources.length === 0) this.#custom.delete(definition);
    else this.#custom.set(definition, resources);
    for (const resource of resources) this.#add(resource);
    const builtin = this.#all.filter((resource) => !resource.custom);
    this.#all = [...builtin, ...[...this.#custom.values()].flat()];
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after every change. Returns the unsubscriber. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(resource: ServedResource): void {
    this.#byPlural.set(`${resource.apiVersion}/${resource.plural}`, resource);
    this.#byKind.set(`${resource.apiVersion}/${resource.kind}`, resource);
  }
}
