import { KustomizeError } from '../errors.js';
import { Node, fieldOf, fieldOrNew, isNull, setField, textOf } from '../nodes/node.js';
import type { Selector } from './selector.js';
import { compileSelector, isPlainText } from './selector.js';
import type { Resource } from './resource.js';
import type { ResourceId } from './resource-id.js';
import { idKey, idText, sameId } from './resource-id.js';

/**
 * The resources of a layer, in order, each id once. Indexes are made when they are first needed and hold until names,
 * kinds or namespaces may have changed: whoever changes them calls `touch`.
 */
export class ResourceMap {
  #resources: Resource[];
  /** Keys of the present ids. */
  #keys: Set<string> | undefined;
  /** By every name that a resource has or had. */
  #byName: Map<string, Resource[]> | undefined;

  constructor(resources: Resource[] = []) {
    this.#resources = resources;
  }

  get resources(): readonly Resource[] {
    return this.#resources;
  }

  set resources(resources: readonly Resource[]) {
    this.#resources = [...resources];
    this.touch();
  }

  /** Ids may have changed. */
  touch(): void {
    this.#keys = undefined;
    this.#byName = undefined;
  }

  append(...added: readonly Resource[]): void {
    const keys = this.#keyIndex();
    for (const resource of added) {
      addKey(keys, resource);
      this.#resources.push(resource);
      if (this.#byName !== undefined) addNames(this.#byName, resource);
    }
  }

  /** Refuses two resources of one id. */
  requireDistinct(): void {
    this.#keyIndex();
  }

  #keyIndex(): Set<string> {
    if (this.#keys === undefined) {
      const keys = new Set<string>();
      for (const resource of this.#resources) if (!resource.isEmpty) addKey(keys, resource);
      this.#keys = keys;
    }
    return this.#keys;
  }

  /** Those that have or had a name, and perhaps some that no longer do. */
  named(name: string): readonly Resource[] {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const resource of this.#resources) addNames(this.#byName, resource);
    }
    return this.#byName.get(name) ?? [];
  }

  /** Those that have or had an id of a name. */
  byAnyId(name: string, matches: (id: ResourceId) => boolean): Resource[] {
    return this.named(name).filter(
      (resource) => !resource.isEmpty && resource.allIds.some((id) => id.name === name && matches(id)),
    );
  }

  /** The one resource that has or had an id. */
  theOne(id: ResourceId): Resource {
    const found = this.byAnyId(id.name, (other) => sameId(id, other));
    if (found.length === 1 && found[0] !== undefined) return found[0];
    const count = found.length === 0 ? 'no matches' : 'multiple matches';
    throw new KustomizeError(`${count} for Id ${idText(id)}; failed to find unique target for patch ${idText(id)}`);
  }

  select(selector: Selector): Resource[] {
    const matches = compileSelector(selector);
    const { name } = selector;
    return (name !== undefined && isPlainText(name) ? this.named(name) : this.#resources).filter(matches);
  }

  dropEmpty(): void {
    if (this.#resources.some((resource) => resource.isEmpty)) {
      this.resources = this.#resources.filter((resource) => !resource.isEmpty);
    }
  }

  /** Takes in a generated resource: as a new one, or into the one of the same id, as its behavior says. */
  absorb(added: Resource): void {
    const { id } = added;
    const found = this.byAnyId(id.name, (other) => sameId(id, other));
    if (found.length > 1) {
      throw new KustomizeError(`found multiple objects that could accept merge of ${idText(id)}`);
    }
    const [old] = found;
    if (old === undefined) {
      if (added.behavior === 'merge' || added.behavior === 'replace') {
        throw new KustomizeError(`id ${idText(id)} does not exist; cannot merge or replace`);
      }
      this.append(added);
      return;
    }
    if (added.behavior === 'merge') {
      const { origin } = old;
      added.takeMetadataOf(old);
      mergeStrings(added.node, old.node, 'data');
      mergeStrings(added.node, old.node, 'binaryData');
      if (origin !== undefined) added.origin = origin;
    } else if (added.behavior === 'replace') added.takeMetadataOf(old);
    else throw new KustomizeError(`id ${idText(id)} exists; behavior must be merge or replace`);
    this.#resources[this.#resources.indexOf(old)] = added;
    this.touch();
  }
}

const addKey = (keys: Set<string>, resource: Resource): void => {
  const { id } = resource;
  const key = idKey(id);
  if (keys.has(key)) {
    throw new KustomizeError(`may not add resource with an already registered id: ${idText(id)}`, resource.file);
  }
  keys.add(key);
};

const addNames = (index: Map<string, Resource[]>, resource: Resource): void => {
  const { name } = resource;
  const names = resource.previousIds.length === 0 ? [name] : [name, ...resource.previousIds.map((id) => id.name)];
  for (const each of new Set(names)) {
    const list = index.get(each);
    if (list === undefined) index.set(each, [resource]);
    else list.push(resource);
  }
};

/** The fields of both maps; those of the target win. */
const mergeStrings = (target: Node, source: Node, field: string): void => {
  const values = new Map<string, string>();
  for (const map of [fieldOf(source, field), fieldOf(target, field)]) {
    if (map?.kind === 'map')
      for (const [name, value] of map.fields) values.set(name, isNull(value) ? '' : textOf(value));
  }
  target.fields.delete(field);
  if (values.size === 0) return;
  const map = fieldOrNew(target, field, 'map');
  for (const name of [...values.keys()].sort()) setField(map, name, Node.string(values.get(name) ?? ''));
};
