import { KustomizeError } from '../errors.js';
import { Node, fieldOf, fieldOrNew, isNull, setField, textOf } from '../nodes/node.js';
import type { Selector } from './selector.js';
import { compileSelector } from './selector.js';
import type { Resource } from './resource.js';
import type { ResourceId } from './resource-id.js';
import { idKey, idText, sameId } from './resource-id.js';

/** The resources of a layer, in order, each id once. */
export class ResourceMap {
  constructor(public resources: Resource[] = []) {}

  append(...added: Resource[]): void {
    const keys = new Set(this.resources.map((resource) => idKey(resource.id)));
    for (const resource of added) {
      const { id } = resource;
      const key = idKey(id);
      if (keys.has(key)) {
        throw new KustomizeError(`may not add resource with an already registered id: ${idText(id)}`, resource.file);
      }
      keys.add(key);
      this.resources.push(resource);
    }
  }

  /** Those that have or had an id. */
  byAnyId(matches: (id: ResourceId) => boolean): Resource[] {
    return this.resources.filter((resource) => !resource.isEmpty && resource.allIds.some(matches));
  }

  /** The one resource that has or had an id. */
  theOne(id: ResourceId): Resource {
    const found = this.byAnyId((other) => sameId(id, other));
    if (found.length === 1 && found[0] !== undefined) return found[0];
    const count = found.length === 0 ? 'no matches' : 'multiple matches';
    throw new KustomizeError(`${count} for Id ${idText(id)}; failed to find unique target for patch ${idText(id)}`);
  }

  select(selector: Selector): Resource[] {
    const matches = compileSelector(selector);
    return this.resources.filter(matches);
  }

  dropEmpty(): void {
    if (this.resources.some((resource) => resource.isEmpty)) {
      this.resources = this.resources.filter((resource) => !resource.isEmpty);
    }
  }

  /** Takes in a generated resource: as a new one, or into the one of the same id, as its behavior says. */
  absorb(added: Resource): void {
    const { id } = added;
    const found = this.byAnyId((other) => sameId(id, other));
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
    this.resources[this.resources.indexOf(old)] = added;
  }
}

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
