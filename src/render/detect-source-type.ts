import type { FileTree } from './file-tree.js';
import { joinPath } from './files/tree-path.js';
import type { SourceOptions } from './render.js';
import { RenderError } from './render.js';

export type SourceType = 'helm' | 'kustomize' | 'directory';

/** The names of a kustomization file, in the order in which they are looked for. */
export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

/**
 * Which renderer a source needs, as Argo CD decides: an explicit block of options, else `Chart.yaml` or a
 * kustomization file in the folder (Kustomize wins where both are), else plain manifests.
 */
export const detectSourceType = async (tree: FileTree, options: SourceOptions): Promise<SourceType> => {
  const explicit = (['helm', 'kustomize', 'directory'] as const).filter((type) => hasContent(options[type]));
  if (explicit.length > 1) {
    const message = `the source has options for ${explicit.join(' and ')}; it can have only one kind`;
    throw new RenderError([{ file: options.path || '.', message }]);
  }
  if (explicit[0] !== undefined) return explicit[0];
  for (const name of KUSTOMIZATION_FILES) {
    if ((await tree.stat(joinPath(options.path, name)))?.kind === 'file') return 'kustomize';
  }
  return (await tree.stat(joinPath(options.path, 'Chart.yaml')))?.kind === 'file' ? 'helm' : 'directory';
};

const hasContent = (block: object | undefined): boolean => block !== undefined && Object.keys(block).length > 0;
