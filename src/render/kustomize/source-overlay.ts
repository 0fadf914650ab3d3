import { environmentOf, expandVariables } from '../build-environment.js';
import type { Entry, FileTree } from '../file-tree.js';
import { joinPath } from '../files/tree-path.js';
import { KUSTOMIZATION_FILES } from '../detect-source-type.js';
import type { Outside } from '../outside.js';
import type { KustomizeSourceOptions, SourceOptions } from '../render.js';
import { RenderError } from '../render.js';
import { KustomizeError } from './errors.js';
import type { Fields } from './source-edits.js';
import { addAnnotations, addLabels, listOf, setImages, setReplicas } from './source-edits.js';
import { readConfig } from './kustomization/decode.js';
import { nodeOf } from './patch/json-patch.js';
import { toData } from './nodes/write-nodes.js';

export interface OverlaidTree {
  readonly tree: FileTree;
  readonly path: string;
}

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
  setImages(fields, images);
  setReplicas(fields, replicas);
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
    fields['components'] = [...new Set([...own, ...added])];
  }
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
