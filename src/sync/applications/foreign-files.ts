import { expandVariables } from '../../render/build-environment.js';
import { FileTreeError } from '../../render/file-tree.js';
import { GitTree } from '../../render/files/git-tree.js';
import { treeOf } from '../sources/changed-paths.js';
import { SourceError } from '../sources/errors.js';
import type { Repositories } from '../sources/repositories.js';
import type { Repository } from '../sources/repository.js';
import type { ApplicationSource } from './application.js';

const REFERENCE = /^\$([^/]+)\/(.+)$/;
/** A values file is read whole, here and into every render that uses it. */
const MAX_BYTES = 1024 * 1024;

/** One file of another source, as a source's options name it: `$values/prod.yaml`. */
export interface ForeignFile {
  readonly name: string;
  readonly source: ApplicationSource;
  readonly repository: Repository;
  readonly tree: GitTree;
  readonly path: string;
  /** Undefined when there is no such file. */
  readonly text: string | undefined;
}

/** The names in a source's options that begin with `$`, but for variables of the build environment. */
const foreignNames = ({ helm }: ApplicationSource, environment: ReadonlyMap<string, string>): readonly string[] => {
  const names = [...(helm?.valueFiles ?? []), ...(helm?.fileParameters ?? []).map(({ path }) => path)];
  const isVariable = (name: string): boolean =>
    name.startsWith('${') || environment.has(/^\$(\w+)/.exec(name)?.[1] ?? '');
  return [...new Set(names.filter((name) => name.startsWith('$') && !isVariable(name)))];
};

export interface ForeignRequest {
  readonly source: ApplicationSource;
  readonly sources: readonly ApplicationSource[];
  /** Variables that paths may name. */
  readonly environment: ReadonlyMap<string, string>;
}

/** Reads the files of other sources (those with a `ref`) that a source uses. Throws SourceError. */
export const readForeignFiles = async (
  { source, sources, environment }: ForeignRequest,
  repositories: Repositories,
  signal: AbortSignal,
): Promise<readonly ForeignFile[]> => {
  const files: ForeignFile[] = [];
  for (const name of foreignNames(source, environment)) {
    const [, ref, written = ''] = REFERENCE.exec(name) ?? [];
    const path = expandVariables(written, (variable) => environment.get(variable) ?? '');
    const other = sources.find((one) => ref !== undefined && one.ref === ref);
    if (other === undefined) {
      throw new SourceError(
        'invalid',
        `Cannot render: ${name} names no source; spec.sources needs one with ref: ${ref}`,
      );
    }
    if (other.chart !== undefined) {
      throw new SourceError('invalid', `Cannot render: ${name} is in a chart; only Git sources can be named by ref`);
    }
    const repository = repositories.use(other.repoURL);
    const { revision } = await repository.commit(other.targetRevision, signal);
    const tree = new GitTree(repository.objects(), treeOf(repository.objects(), revision));
    files.push({ name, source: other, repository, tree, path, text: await textOf(tree, name, path) });
  }
  return files;
};

const textOf = async (tree: GitTree, name: string, path: string): Promise<string | undefined> => {
  try {
    const entry = await tree.stat(path);
    if (entry?.kind !== 'file') return undefined;
    if ((entry.size ?? 0) > MAX_BYTES) {
      throw new SourceError('too-large', `Cannot render: ${name} has more than ${MAX_BYTES} bytes`);
    }
    const bytes = await tree.read(path);
    if (bytes.length > MAX_BYTES) throw new SourceError('too-large', `Cannot render: ${name} is larger than 1 MiB`);
    return Buffer.from(bytes).toString('utf8');
  } catch (error) {
    if (!(error instanceof FileTreeError)) throw error;
    throw new SourceError('invalid', `Cannot render: ${name}: ${error.message}`, { cause: error });
  }
};
