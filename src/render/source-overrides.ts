import type { FileTree } from './file-tree.js';
import { joinPath } from './files/tree-path.js';
import type { RenderProblem, SourceOptions } from './render.js';
import { RenderError } from './render.js';
import { decodeText } from './documents.js';
import { readYaml } from './yaml/read-yaml.js';

/** The blocks that a file in the repository may override; the source's place and the destination are not among them. */
const BLOCKS = ['helm', 'kustomize', 'directory'] as const;

/**
 * The options with what `.argocd-source.yaml` and `.argocd-source-<application>.yaml` in the source's folder change,
 * as JSON merge patches (RFC 7386) of the source. Image updaters write these files.
 */
export const withSourceOverrides = async (tree: FileTree, options: SourceOptions): Promise<SourceOptions> => {
  let merged: SourceOptions = options;
  const names = ['.argocd-source.yaml'];
  if (options.applicationName !== '') names.push(`.argocd-source-${options.applicationName}.yaml`);
  for (const name of names) {
    if (name.includes('/')) continue;
    const file = joinPath(options.path, name);
    if ((await tree.stat(file))?.kind !== 'file') continue;
    merged = overridden(merged, readOverride(await tree.read(file), file));
  }
  return merged;
};

const readOverride = (content: Uint8Array, file: string): Record<string, unknown> => {
  const text = decodeText(content);
  if (text === undefined) throw new RenderError([{ file, message: 'the file is not UTF-8 text' }]);
  const { documents, problems } = readYaml(text, { rules: 'manifests' });
  if (problems.length > 0) throw new RenderError(problems.map((problem): RenderProblem => ({ file, ...problem })));
  const value = documents[0]?.value ?? {};
  if (isRecord(value)) return value;
  throw new RenderError([{ file, line: 1, message: 'an override of the source must be a map' }]);
};

const overridden = (options: SourceOptions, patch: Record<string, unknown>): SourceOptions => {
  const result: Record<string, unknown> = { ...options };
  for (const block of BLOCKS) {
    if (!Object.hasOwn(patch, block)) continue;
    const value = mergePatch(result[block], patch[block]);
    if (value === null) delete result[block];
    else result[block] = value;
  }
  return result as unknown as SourceOptions;
};

const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
