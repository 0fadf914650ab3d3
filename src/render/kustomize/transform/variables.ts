import { KustomizeError } from '../errors.js';
import type { Node } from '../nodes/node.js';
import { isNull, isString } from '../nodes/node.js';
import { scalarValue } from '../nodes/write-nodes.js';
import type { Gvk } from '../resources/resource-id.js';
import { isClusterScoped, parseApiVersion, sameGvk, sameId } from '../resources/resource-id.js';
import type { ResourceMap } from '../resources/resource-map.js';
import { lookupPath } from './field-path.js';
import type { FieldSpec } from './field-spec.js';
import { applyFieldSpecs } from './field-spec.js';

/** A `$(NAME)` whose value is a field of a resource. */
export interface Variable {
  readonly name: string;
  readonly objref: Partial<Gvk> & { readonly apiVersion?: string; readonly name?: string; readonly namespace?: string };
  readonly fieldref?: { readonly fieldPath?: string };
}

/** The variables of a layer and of those below it; each name once. */
export class Variables {
  readonly #variables = new Map<string, Variable>();

  add(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      if (this.#variables.has(variable.name)) throw new KustomizeError(`var '${variable.name}' already encountered`);
      this.#variables.set(variable.name, variable);
    }
  }

  all(): Variable[] {
    return [...this.#variables.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }
}

/** Marks the resources that variables take their values from, while their present names are those of the layer. */
export const bindVariables = (map: ResourceMap, variables: readonly Variable[]): void => {
  for (const variable of variables) {
    const { objref } = variable;
    const version = objref.apiVersion ? parseApiVersion(objref.apiVersion) : {};
    const wanted = {
      group: objref.group ?? '',
      version: objref.version ?? '',
      ...version,
      kind: objref.kind ?? '',
      name: objref.name ?? '',
      namespace: objref.namespace ?? '',
    };
    const isExact = wanted.namespace !== '' || isClusterScoped(wanted);
    const found = map.byAnyId(wanted.name, (id) => (isExact ? sameId(wanted, id) : sameGvk(wanted, id)));
    if (found.length > 1) {
      throw new KustomizeError(`found ${found.length} resId matches for var ${variable.name} (unable to disambiguate)`);
    }
    found[0]?.varNames.push(variable.name);
  }
};

type Primitive = string | number | bigint | boolean | undefined;

/** Replaces `$(NAME)` in the fields of the specs. Returns the names that were never used. */
export const resolveVariables = (
  map: ResourceMap,
  variables: readonly Variable[],
  specs: readonly FieldSpec[],
): string[] => {
  if (variables.length === 0) return [];
  const values = new Map(variables.map((variable) => [variable.name, valueOf(map, variable)]));
  const used = new Set<string>();
  const mapping = (name: string): Primitive => {
    const value = values.get(name);
    if (value === undefined) return `$(${name})`;
    used.add(name);
    return value;
  };
  const setAll = (node: Node): void => {
    if (isNull(node)) return;
    if (node.kind === 'scalar') expandNode(node, mapping);
    for (const field of node.fields.values()) if (isString(field)) expandNode(field, mapping);
    for (const item of node.items) {
      if (!isString(item)) throw new KustomizeError('invalid value type expect a string');
      expandNode(item, mapping);
    }
  };
  for (const { node } of map.resources) applyFieldSpecs(node, specs, { set: setAll });
  return [...values.keys()].filter((name) => !used.has(name));
};

const valueOf = (map: ResourceMap, { name, fieldref }: Variable): Primitive => {
  const resource = map.resources.find((candidate) => candidate.varNames.includes(name));
  if (resource === undefined) {
    throw new KustomizeError(`var '${name}' cannot be mapped to a field in the set of known resources`);
  }
  const path = (fieldref?.fieldPath || 'metadata.name').replaceAll(/\[(\d+)\]/g, '.$1');
  let node: Node | undefined;
  try {
    node = lookupPath(resource.node, path);
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
  }
  if (node === undefined) {
    throw new KustomizeError(`field specified in var '${name}' not found in corresponding resource`);
  }
  if (node.kind !== 'scalar') return undefined;
  if (['!!int', '!!float', '!!bool'].includes(node.tag)) return scalarValue(node) ?? undefined;
  return node.text;
};

const expandNode = (node: Node, mapping: (name: string) => Primitive): void => {
  if (!isString(node)) return;
  const value = expand(node.text, mapping);
  node.quoted = false;
  node.text = String(value);
  node.tag =
    typeof value === 'string'
      ? '!!str'
      : typeof value === 'boolean'
        ? '!!bool'
        : typeof value === 'number' && !Number.isInteger(value)
          ? '!!float'
          : '!!int';
};

/** `$$` is a dollar, `$(NAME)` the value; a text that is one reference keeps the type of the value. */
export const expand = (text: string, mapping: (name: string) => Primitive): Primitive => {
  const whole = /^\$\(([^)]*)\)$/.exec(text);
  if (whole !== null) return mapping(whole[1] ?? '');
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (match, name: string | undefined) =>
    match === '$$' ? '$' : String(mapping(name ?? '')),
  );
};
