import type { KustomizeSourceOptions } from '../render.js';
import { KustomizeError } from './errors.js';
import { splitImage } from './transform/images.js';

/** A kustomization file as data, changed as `kustomize edit` changes it, because Argo CD runs that. */
export type Fields = Record<string, unknown>;

export const listOf = (fields: Fields, name: string): Fields[] =>
  Array.isArray(fields[name]) ? [...(fields[name] as Fields[])] : [];

const byName = (entries: Iterable<Fields>): Fields[] =>
  [...entries].sort((left, right) => (String(left['name']) < String(right['name']) ? -1 : 1));

/** `kustomize edit set image`: replaces entries of the same name; all are sorted by name afterwards. */
export const setImages = (fields: Fields, images: readonly string[]): void => {
  if (images.length === 0) return;
  const entries = new Map(images.map(imageOf).map((image) => [image['name'], image]));
  const asked = new Set(entries.keys());
  for (const old of [...listOf(fields, 'images'), ...listOf(fields, 'imageTags')]) {
    const image = entries.get(old['name']);
    if (image === undefined || !asked.has(old['name'])) entries.set(old['name'], old);
    else entries.set(old['name'], withKeptParts(image, old));
  }
  delete fields['imageTags'];
  fields['images'] = byName([...entries.values()].map((image) => withKeptParts(image, {})));
};

const KEEP = '*';

/** `*` for a name, tag or digest keeps the one that is there. */
const withKeptParts = (image: Fields, old: Fields): Fields => {
  const result = { ...image };
  for (const part of ['newName', 'newTag', 'digest']) {
    if (result[part] !== KEEP) continue;
    if (old[part] === undefined) delete result[part];
    else result[part] = old[part];
  }
  return result;
};

/** `name=newName:tag`, `name:tag`, `name=newName@digest`, `name@digest`. */
const imageOf = (text: string): Fields => {
  const equals = text.indexOf('=');
  const { name, tag, digest } = splitImage(equals < 0 ? text : text.slice(equals + 1));
  if (name === text) throw new KustomizeError(`images: "${text}" is not name=newName:tag`);
  const key = equals < 0 ? '' : text.slice(0, equals);
  return {
    ...(key === '' ? { name } : { name: key, ...(name === '' ? {} : { newName: name }) }),
    ...(tag === '' ? {} : { newTag: tag }),
    ...(digest === '' ? {} : { digest }),
  };
};

/** `kustomize edit set replicas`. */
export const setReplicas = (fields: Fields, replicas: NonNullable<KustomizeSourceOptions['replicas']>): void => {
  if (replicas.length === 0) return;
  const entries = new Map<unknown, Fields>();
  for (const { name, count } of replicas) {
    if (!/^[-+]?\d+$/.test(String(count))) {
      throw new KustomizeError(`replicas: the count "${count}" of "${name}" is not a whole number`);
    }
    entries.set(name, { name, count: Number(count) });
  }
  for (const old of listOf(fields, 'replicas')) if (!entries.has(old['name'])) entries.set(old['name'], old);
  fields['replicas'] = byName(entries.values());
};

/** `kustomize edit add label`. */
export const addLabels = (fields: Fields, kustomize: KustomizeSourceOptions): void => {
  const { commonLabels = {}, labelWithoutSelector = false, labelIncludeTemplates = false } = kustomize;
  const isForced = kustomize.forceCommonLabels === true;
  if (Object.keys(commonLabels).length === 0) return;
  if (!labelWithoutSelector) {
    if (labelIncludeTemplates) throw new KustomizeError('labelIncludeTemplates needs labelWithoutSelector');
    fields['commonLabels'] = joined(fields['commonLabels'], commonLabels, isForced, 'label');
    return;
  }
  const labels = listOf(fields, 'labels');
  const at = labels.findIndex(
    ({ includeSelectors = false, includeTemplates = false }) =>
      includeSelectors === false && includeTemplates === labelIncludeTemplates,
  );
  const found = labels[at];
  if (found !== undefined) labels[at] = { ...found, pairs: joined(found['pairs'], commonLabels, isForced, 'label') };
  else {
    const pairs = joined({}, commonLabels, isForced, 'label');
    labels.push({ pairs, ...(labelIncludeTemplates ? { includeTemplates: true } : {}) });
  }
  fields['labels'] = labels;
};

/** `kustomize edit add annotation`. */
export const addAnnotations = (fields: Fields, kustomize: KustomizeSourceOptions): void => {
  const { commonAnnotations = {}, forceCommonAnnotations } = kustomize;
  if (Object.keys(commonAnnotations).length === 0) return;
  const own = fields['commonAnnotations'];
  fields['commonAnnotations'] = joined(own, commonAnnotations, forceCommonAnnotations === true, 'annotation');
};

const joined = (own: unknown, added: Readonly<Record<string, string>>, isForced: boolean, what: string): Fields => {
  const result = { ...(own as Fields | undefined) };
  for (const [name, value] of Object.entries(added)) {
    if (!isForced && Object.hasOwn(result, name)) {
      throw new KustomizeError(`${what} ${name} already in kustomization file`);
    }
    result[name] = withoutQuotes(value);
  }
  return result;
};

/** On the command line of `kustomize edit`, a value may be in double quotes. */
const withoutQuotes = (value: string): string =>
  value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
