import { goQuote } from '../template/quote.js';
import { type Draft, draftOf } from './draft.js';
import { isObject, type Json, type JsonObject } from './json.js';
import { SchemaFailure } from './problem.js';

/** A schema with an address of its own within a document. */
export interface Resource {
  readonly pointer: string;
  readonly id: string;
  readonly draft: Draft;
  readonly anchors: Map<string, string>;
  readonly dynamicAnchors: Set<string>;
}

/** A JSON document with schemas in it. */
export interface SchemaDocument {
  readonly address: string;
  readonly root: Json;
  readonly resources: Map<string, Resource>;
}

const MAX_NESTING = 500;

export const escapeStep = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1');
const unescapeStep = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');

/** A pointer as it stands in an address. */
export const encodePointer = (pointer: string): string =>
  pointer.replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/gu, (c) => encodeURIComponent(c));

export const splitFragment = (address: string): readonly [string, string] => {
  const at = address.indexOf('#');
  if (at < 0) return [address, ''];
  const fragment = address.slice(at + 1);
  try {
    return [address.slice(0, at), decodeURIComponent(fragment)];
  } catch {
    throw new SchemaFailure(`error in parsing ${goQuote(address)}: invalid URL escape`);
  }
};

/** An address as seen from another one. */
export const joinAddress = (base: string, reference: string): string => {
  if (reference === '') return base;
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(reference)) return reference;
  try {
    return new URL(reference, base).href;
  } catch {
    return reference;
  }
};

/** What a pointer leads to. */
export const lookUp = (root: Json, pointer: string): Json | undefined => {
  let at: Json | undefined = root;
  for (const step of pointer.split('/').slice(1).map(unescapeStep)) {
    if (Array.isArray(at)) at = /^[0-9]+$/.test(step) ? at[Number(step)] : undefined;
    else if (isObject(at) && Object.hasOwn(at, step)) at = at[step];
    else return undefined;
  }
  return at;
};

const MAPS = ['definitions', '$defs', 'properties', 'patternProperties', 'dependencies', 'dependentSchemas'];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'items', 'prefixItems'];
const SINGLE = [
  'not',
  'additionalProperties',
  'items',
  'additionalItems',
  'propertyNames',
  'contains',
  'if',
  'then',
  'else',
  'unevaluatedProperties',
  'unevaluatedItems',
];

const textAt = (schema: JsonObject, keyword: string): string | undefined => {
  const value = Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
  return typeof value === 'string' ? value : undefined;
};

const idOf = (schema: JsonObject, draft: Draft): string => {
  // Before 2019, nothing beside a reference counts.
  if (draft < 2019 && Object.hasOwn(schema, '$ref')) return '';
  return (textAt(schema, draft === 4 ? 'id' : '$id') ?? '').split('#')[0] ?? '';
};

/** Finds the resources and anchors of a document. Throws SchemaFailure when its draft is unknown. */
export const readDocument = (address: string, root: Json, fallback: Draft = 2020): SchemaDocument => {
  const document: SchemaDocument = { address, root, resources: new Map() };
  collect(document, root, address, '', fallback, 0);
  return document;
};

/** Adds what lies at a pointer where schemas are not looked for. */
export const readMore = (document: SchemaDocument, pointer: string): void => {
  const schema = lookUp(document.root, pointer);
  const resource = resourceAt(document, pointer);
  if (schema !== undefined) collect(document, schema, resource.id, pointer, resource.draft, 0);
};

export const resourceAt = (document: SchemaDocument, pointer: string): Resource => {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = document.resources.get(at);
    if (found !== undefined) return found;
  }
  return document.resources.get('') as Resource;
};

const draftFrom = (schema: JsonObject, fallback: Draft): Draft | string => {
  const named = textAt(schema, '$schema');
  if (named === undefined) return fallback;
  return draftOf(named) ?? named.split('#')[0] ?? '';
};

const collect = (
  document: SchemaDocument,
  schema: Json,
  base: string,
  pointer: string,
  fallback: Draft,
  depth: number,
): void => {
  if (depth > MAX_NESTING) throw new SchemaFailure('the schema is nested too deeply');
  if (!isObject(schema)) {
    if (pointer === '') document.resources.set('', newResource('', base, fallback));
    return;
  }
  let draft = draftFrom(schema, fallback);
  if (typeof draft === 'string') throw new UnknownDraft(draft);
  let id = idOf(schema, draft);
  if (id === '' && pointer !== '') {
    draft = fallback;
    id = idOf(schema, draft);
  }
  const own = id === '' ? base : joinAddress(base, id);
  if ((id !== '' || pointer === '') && ![...document.resources.values()].some((each) => each.id === own)) {
    document.resources.set(pointer, newResource(pointer, own, draft));
  }
  const resource = [...document.resources.values()].find((each) => each.id === own);
  if (resource !== undefined) addAnchors(schema, pointer, resource);
  for (const [step, sub] of subschemas(schema)) collect(document, sub, own, pointer + step, draft, depth + 1);
};

const newResource = (pointer: string, id: string, draft: Draft): Resource => ({
  pointer,
  id,
  draft,
  anchors: new Map(),
  dynamicAnchors: new Set(),
});

const addAnchors = (schema: JsonObject, pointer: string, { draft, anchors, dynamicAnchors }: Resource): void => {
  if (draft < 2019) {
    if (Object.hasOwn(schema, '$ref')) return;
    const fragment = (textAt(schema, draft === 4 ? 'id' : '$id') ?? '').split('#')[1] ?? '';
    if (fragment !== '' && !fragment.startsWith('/')) anchors.set(fragment, pointer);
    return;
  }
  const anchor = textAt(schema, '$anchor');
  if (anchor !== undefined) anchors.set(anchor, pointer);
  const dynamic = draft >= 2020 ? textAt(schema, '$dynamicAnchor') : undefined;
  if (dynamic === undefined) return;
  anchors.set(dynamic, pointer);
  dynamicAnchors.add(dynamic);
};

const subschemas = function* (schema: JsonObject): Generator<readonly [string, Json]> {
  for (const keyword of SINGLE) {
    const value = schema[keyword];
    if (Object.hasOwn(schema, keyword) && value !== undefined && !Array.isArray(value)) yield [`/${keyword}`, value];
  }
  for (const keyword of LISTS) {
    const value = schema[keyword];
    if (Array.isArray(value)) for (const [i, item] of value.entries()) yield [`/${keyword}/${i}`, item];
  }
  for (const keyword of MAPS) {
    const value = schema[keyword];
    if (!isObject(value)) continue;
    for (const [name, item] of Object.entries(value)) yield [`/${keyword}/${escapeStep(name)}`, item];
  }
};

/** A `$schema` that is none of the drafts. */
export class UnknownDraft extends SchemaFailure {
  constructor(readonly address: string) {
    super(`draft ${goQuote(address)} is not supported`);
  }
}
