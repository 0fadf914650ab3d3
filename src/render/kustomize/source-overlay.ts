import { environmentOf, expandVariables } from '../build-environment.js';
import type { Entry, FileTree } from '../file-tree.js';
import { joinPath } from '../files/tree-path.js';
import { KUSTOMIZATION_FILES } from '../detect-source-type.js';
import type { Outside } from '../outside.js';
import type { KustomizeSourceOptions, SourceOptions } from '../render.js';
import { RenderError } from '../render.js';
import { KustomizeError } from './errors.js';
import { readConfig } from './kustomization/decode.js';
import { nodeOf } from './patch/json-patch.js';
import { toData } from './nodes/write-nodes.js';

export interface OverlaidTree {
  readonly tree: FileTree;
  readonly path: string;
}

type Fields = Record<string, unknown>;

/**
 * The tree to build for a source. The fields of `spec.source.kustomize` change the kustomization file of the source's
 * folder, in memory, as Argo CD edits it: a name prefix or namespace replaces that of the file, images and replicas
 * replace those of the same name, patches, components, labels and annotations are added.
 */
export const overlayFor = async (tree: FileTree, options: SourceOptions, outside?: Outside): Promise<OverlaidTree> => {
  const { kustomize, path } = options;
  if (kustomize === undefined || Object.keys(kustomize).length === 0) return { tree, path };
  for (const name of KUSTOMIZATION_FILES) {
    const file = joinPath(path, name);
    if ((await tree.stat(file))?.kind !== 'file') continue;
    const fields = readFields(Buffer.from(await tree.read(file)).toString('utf8'), file);
    try {
      await edit(fields, withVariables(kustomize, environmentOf(options, outside)), options, tree);
    } catch (error) {
      if (!(error instanceof KustomizeError)) throw error;
      throw new RenderError([{ file, message: `spec.source.kustomize: ${error.message}` }]);
    }
    return { tree: new EditedTree(tree, file, Buffer.from(JSON.stringify(fields))), path };
  }
  return { tree, path };
};

const readFields = (text: string, file: string): Fields => {
  try {
    const value = toData(nodeOf(readConfig(text)));
    if (value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Fields;
    throw new KustomizeError('invalid Kustomization: the file is not a map');
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
    throw new RenderError([{ file, message: error.message }]);
  }
};

const listOf = (fields: Fields, name: string): Fields[] =>
  Array.isArray(fields[name]) ? [...(fields[name] as Fields[])] : [];

const edit = async (
  fields: Fields,
  kustomize: KustomizeSourceOptions,
  options: SourceOptions,
  tree: FileTree,
): Promise<void> => {
  const { namePrefix, nameSuffix, namespace, images = [], replicas = [], patches = [], components = [] } = kustomize;
  if (namePrefix) fields['namePrefix'] = namePrefix;
  if (nameSuffix) fields['nameSuffix'] = nameSuffix;
  if (namespace) fields['namespace'] = namespace;
  if (images.length > 0) {
    fields['images'] = [...listOf(fields, 'images'), ...listOf(fields, 'imageTags')];
    delete fields['imageTags'];
    for (const image of images) setNamed(fields, 'images', imageOf(image), keepImageParts);
  }
  for (const { name, count } of replicas) setNamed(fields, 'replicas', { name, count: Number(count) });
  addLabels(fields, kustomize);
  addAnnotations(fields, kustomize);
  if (patches.length > 0) fields['patches'] = [...listOf(fields, 'patches'), ...patches];
  const added: string[] = [];
  for (const component of components) {
    const isThere = (await tree.stat(joinPath(options.path, component)))?.kind === 'folder';
    if (isThere || kustomize.ignoreMissingComponents !== true) added.push(component);
  }
  if (added.length > 0) {
    const own = Array.isArray(fields['components']) ? (fields['components'] as string[]) : [];
    fields['components'] = [...own, ...added];
  }
};

const setNamed = (
  fields: Fields,
  list: string,
  entry: Fields,
  combine: (entry: Fields, old: Fields) => Fields = (added) => added,
): void => {
  const entries = listOf(fields, list);
  const at = entries.findIndex((old) => old['name'] === entry['name']);
  if (at < 0) entries.push(entry);
  else entries[at] = combine(entry, entries[at] ?? {});
  fields[list] = entries;
};

/** `*` for a name, tag or digest keeps the one that is there. */
const keepImageParts = (image: Fields, old: Fields): Fields => {
  const result = { ...image };
  for (const part of ['newName', 'newTag', 'digest']) if (result[part] === '*') result[part] = old[part];
  return result;
};

/** `name=newName:tag`, `name:tag`, `name=newName@digest`, `name@digest`. */
const imageOf = (text: string): Fields => {
  const equals = text.indexOf('=');
  const target = equals < 0 ? text : text.slice(equals + 1);
  const at = target.indexOf('@');
  const name = at < 0 ? target : target.slice(0, at);
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  const bare = hasTag ? name.slice(0, colon) : name;
  if (text === '' || bare === '') throw new KustomizeError(`images: "${text}" is not name=newName:tag`);
  return {
    name: equals < 0 ? bare : text.slice(0, equals),
    ...(equals < 0 ? {} : { newName: bare }),
    ...(hasTag ? { newTag: name.slice(colon + 1) } : {}),
    ...(at < 0 ? {} : { digest: target.slice(at + 1) }),
  };
};

const addLabels = (fields: Fields, kustomize: KustomizeSourceOptions): void => {
  const { commonLabels = {}, labelWithoutSelector, labelIncludeTemplates, forceCommonLabels } = kustomize;
  if (Object.keys(commonLabels).length === 0) return;
  if (labelWithoutSelector === true) {
    const entry = { pairs: commonLabels, ...(labelIncludeTemplates === true ? { includeTemplates: true } : {}) };
    fields['labels'] = [...listOf(fields, 'labels'), entry];
    return;
  }
  fields['commonLabels'] = joined(fields['commonLabels'], commonLabels, forceCommonLabels === true, 'label');
};

const addAnnotations = (fields: Fields, kustomize: KustomizeSourceOptions): void => {
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
    result[name] = value;
  }
  return result;
};

/** Images and labels may name variables of the build environment; annotations where that is asked for. */
const withVariables = (
  kustomize: KustomizeSourceOptions,
  valueOf: (name: string) => string,
): KustomizeSourceOptions => {
  const { images, commonLabels, commonAnnotations, commonAnnotationsEnvsubst } = kustomize;
  const expanded = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, expandVariables(text, valueOf)]));
  return {
    ...kustomize,
    ...(images === undefined ? {} : { images: images.map((image) => expandVariables(image, valueOf)) }),
    ...(commonLabels === undefined ? {} : { commonLabels: expanded(commonLabels) }),
    ...(commonAnnotations === undefined || commonAnnotationsEnvsubst !== true
      ? {}
      : { commonAnnotations: expanded(commonAnnotations) }),
  };
};

/** A tree with another content for one file. */
class EditedTree implements FileTree {
  constructor(
    private readonly tree: FileTree,
    private readonly file: string,
    private readonly content: Uint8Array,
  ) {}

  async read(path: string): Promise<Uint8Array> {
    const original = await this.tree.read(path);
    return path === this.file ? this.content : original;
  }

  async list(path: string): Promise<readonly Entry[]> {
    return await this.tree.list(path);
  }

  async stat(path: string): Promise<Entry | undefined> {
    return await this.tree.stat(path);
  }

  async id(path: string): Promise<string | undefined> {
    return path === this.file ? undefined : await this.tree.id(path);
  }

  async resolve(path: string): Promise<string | undefined> {
    return this.tree.resolve === undefined ? path : await this.tree.resolve(path);
  }
}
