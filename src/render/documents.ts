import type { KubeObject } from '../objects/object.js';
import type { Manifest, RenderProblem } from './render.js';
import { setField } from './yaml/set-field.js';
import { TextCache } from './text-cache.js';
import { readOrdinaryYaml } from './yaml/read-ordinary-yaml.js';
import { readAnyYaml, type YamlFile } from './yaml/read-yaml.js';

export interface ReadManifestsOptions {
  /** `last`: the last of equal keys wins, as Helm has it. Default: a problem. */
  readonly duplicateKeys?: 'problem' | 'last';
  /** Line of the file on which the text starts, from 1. */
  readonly firstLine?: number;
}

export interface ReadManifests {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly RenderProblem[];
}

/**
 * Reads the manifests of a YAML or JSON text: every document that is not empty, lists unfolded into their items. Values
 * get the types that `kubectl` would send. All problems are collected; the documents without problems are returned
 * beside them. The same text gives the same objects: they are shared, and not to be changed.
 */
export const readManifests = (
  content: string | Uint8Array,
  file: string,
  options: ReadManifestsOptions = {},
): ReadManifests => {
  const text = typeof content === 'string' ? content : decodeText(content);
  if (text === undefined) return { manifests: [], problems: [{ file, message: 'the file is not UTF-8 text' }] };
  const shift = (options.firstLine ?? 1) - 1;
  const read = readText(text, options.duplicateKeys ?? 'problem');
  const manifests: Manifest[] = [];
  const problems: RenderProblem[] = read.problems.map(({ line, column, message }) => ({
    file,
    line: line + shift,
    column,
    message,
  }));
  for (const document of read.documents) {
    if (document.value === undefined || document.value === null) continue;
    const line = document.line + shift;
    for (const candidate of unfoldList(document.value)) {
      const message = whyNoManifest(candidate);
      if (message === undefined) manifests.push({ object: candidate as KubeObject, file, line });
      else problems.push({ file, line, column: document.column, message });
    }
  }
  return { manifests, problems };
};

const MAX_KEPT = 8 * 1024 * 1024;
const known = { problem: new TextCache<YamlFile>(MAX_KEPT), last: new TextCache<YamlFile>(MAX_KEPT) };

const readText = (text: string, duplicateKeys: 'problem' | 'last'): YamlFile => {
  const ordinary = readOrdinaryYaml(text);
  if (ordinary !== undefined) return { documents: ordinary, problems: [] };
  const kept = known[duplicateKeys].get(text);
  if (kept !== undefined) return kept;
  const read = readAnyYaml(text, { rules: 'manifests', duplicateKeys });
  const documents = read.documents.map((document) => ({ ...document, value: withinInt64(document.value) }));
  const file = { documents, problems: read.problems };
  if (file.problems.length === 0) known[duplicateKeys].set(text, file);
  return file;
};

/** UTF-8 with or without a byte order mark, or UTF-16 with one; undefined for anything else. */
export const decodeText = (content: Uint8Array): string | undefined => {
  const [first, second] = content;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
};

/** `kind: List` and every `SomethingList` stand for their items; a list of nothing for nothing. */
const unfoldList = (value: unknown): unknown[] => {
  if (!isRecord(value) || !Object.hasOwn(value, 'items')) return [value];
  const { items, kind } = value;
  if (Array.isArray(items)) return items.flatMap(unfoldList);
  const isNullList = items === null && typeof kind === 'string' && !('spec' in value) && !('status' in value);
  return isNullList ? [] : [value];
};

const whyNoManifest = (value: unknown): string | undefined => {
  if (!isRecord(value)) return `a manifest must be a map, not ${nameOfType(value)}`;
  const { apiVersion, kind, metadata } = value;
  if (typeof kind !== 'string' || kind === '') return 'the manifest has no kind';
  if (typeof apiVersion !== 'string' || apiVersion === '') return `the ${kind} has no apiVersion`;
  if (metadata === undefined || metadata === null) return `the ${kind} has no metadata.name`;
  if (!isRecord(metadata)) return `the ${kind} has metadata that is not a map`;
  const { name, generateName } = metadata;
  if (name !== undefined && name !== null && typeof name !== 'string') {
    return `the ${kind} has a metadata.name that is ${nameOfType(name)}; put quotes around it`;
  }
  if ((name ?? '') === '' && (typeof generateName !== 'string' || generateName === '')) {
    return `the ${kind} has no metadata.name`;
  }
  return undefined;
};

/** Integers of objects have 64 bits, with a sign; larger ones become the nearest number, as in Kubernetes. */
const withinInt64 = (value: unknown): unknown => {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : Number(value);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (typeof item === 'bigint' || typeof item === 'object') value[index] = withinInt64(item);
    }
  } else if (isRecord(value)) {
    for (const [name, field] of Object.entries(value)) {
      if (typeof field === 'bigint' || typeof field === 'object') setField(value, name, withinInt64(field));
    }
  }
  return value;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const nameOfType = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a map' : `a ${typeof value}`;
