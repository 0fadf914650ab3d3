import { realpath, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stderr, stdout } from 'node:process';
import { Command } from 'commander';
import type { OpenFolder, Outside } from '../../render/outside.js';
import type { BuiltOverlay } from '../../render/kustomize/build/build-overlay.js';
import { CommandFailure } from '../exit-statuses.js';
import { acceptGoBooleans } from '../go-booleans.js';
import { lazyOutside } from '../lazy-outside.js';

interface KustomizeFlags {
  readonly enableHelm?: boolean;
  readonly enableAlphaPlugins?: boolean;
  readonly helmKubeVersion?: string;
  readonly helmApiVersions: readonly string[];
  readonly loadRestrictor: string;
  readonly reorder: string;
  readonly output?: string;
}

const RESTRICTORS: Readonly<Record<string, 'rootOnly' | 'none'>> = {
  LoadRestrictionsRootOnly: 'rootOnly',
  LoadRestrictionsNone: 'none',
};

const REORDERS: Readonly<Record<string, 'legacy' | 'none'>> = { legacy: 'legacy', none: 'none' };

/** Throws CommandFailure for a value that a flag does not have. */
const oneOf = <T>(flag: string, values: Readonly<Record<string, T>>, given: string): T => {
  const value = Object.hasOwn(values, given) ? values[given] : undefined;
  if (value !== undefined) return value;
  throw new CommandFailure(`illegal flag value ${flag} ${given}; legal values: [${Object.keys(values).join(' ')}]`);
};

const collect = (value: string, list: readonly string[]): readonly string[] => [...list, ...value.split(',')];

const REORDER_IS_OLD =
  "Flag --reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead.\n";

/** `fairlead kustomize DIR`: what `kubectl kustomize` prints, with its flags. */
export const kustomizeCommand = (): Command =>
  acceptGoBooleans(
    new Command('kustomize')
      .description('Build a kustomization and print it, as kubectl kustomize does')
      .argument('[dir]', 'folder with a kustomization file, or the URL of one in a Git repository', '.')
      .option('-o, --output <path>', 'write to this file; into an existing folder, a file for every object')
      .option(
        '--load-restrictor <restriction>',
        'LoadRestrictionsNone lets files outside the folder be read',
        'LoadRestrictionsRootOnly',
      )
      .option('--reorder <order>', 'order of the output: legacy or none', 'legacy')
      .option('--enable-helm', 'render helmCharts, with the built-in renderer')
      .option('--helm-command <command>', 'accepted and not used: charts are rendered without helm')
      .option('--helm-kube-version <version>', 'Kubernetes version that charts see')
      .option('--helm-api-versions <versions>', 'API versions that charts see', collect, [])
      .option('--helm-debug', 'accepted and not used')
      .option('--enable-alpha-plugins', 'refused: nothing from a repository is executed')
      .option('--as-current-user', 'accepted and not used: no container is started')
      .option('-e, --env <variable>', 'accepted and not used: no function is run', collect, [])
      .option('--mount <mount>', 'accepted and not used: no container is started', collect, [])
      .option('--network', 'accepted and not used: no container is started')
      .option('--network-name <name>', 'accepted and not used'),
  )
    .allowExcessArguments()
    .action(async (dir: string, flags: KustomizeFlags, command: Command) => {
      if (command.getOptionValueSource('reorder') === 'cli') stderr.write(REORDER_IS_OLD);
      if (command.args.length > 1) throw new CommandFailure('specify one path to kustomization.yaml');
      await namingTheFile(async () => await write(await build(dir, flags), flags.output ?? ''));
    });

/** Turns why an overlay cannot be built into a message that begins with the file at fault. */
const namingTheFile = async (run: () => Promise<void>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    const { KustomizeError } = await import('../../render/kustomize/errors.js');
    if (!(error instanceof KustomizeError)) throw error;
    const at = error.file === undefined ? '' : `${error.file.startsWith('/') ? '' : '/'}${error.file}: `;
    throw new CommandFailure(at + error.message);
  }
};

/** To stdout, to a file, or into a folder as one file for every object. */
const write = async (built: BuiltOverlay, path: string): Promise<void> => {
  for (const warning of built.warnings) stderr.write(`${warning}\n`);
  const { overlayFiles, printOverlay } = await import('../../render/kustomize/print-overlay.js');
  if (path === '') stdout.write(printOverlay(built));
  else if (await isFolder(path)) {
    for (const [name, text] of overlayFiles(built)) {
      // An object's name decides the file's: it must not lead out of the folder.
      if (name.includes('/')) throw new CommandFailure(`open ${path}/${name}: no such file or directory`);
      await writeTo(join(path, name), text);
    }
  } else await writeTo(path, printOverlay(built));
};

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

const writeTo = async (path: string, text: string): Promise<void> => {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new CommandFailure(`open ${path}: ${reasonOf(error)}`);
  }
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EACCES: 'permission denied',
};

/** As Go words what the system says of a file. */
const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
};

const build = async (dir: string, flags: KustomizeFlags): Promise<BuiltOverlay> => {
  const loadRestrictor = oneOf('--load-restrictor', RESTRICTORS, flags.loadRestrictor);
  const reorder = oneOf('--reorder', REORDERS, flags.reorder);
  if (flags.enableAlphaPlugins === true) {
    throw new CommandFailure(
      'plugins and functions are not supported: --enable-alpha-plugins is refused, because nothing from a repository is executed',
    );
  }
  const { buildOverlay } = await import('../../render/kustomize/build/build-overlay.js');
  const here = lazyOutside();
  const inflateChart = flags.enableHelm === true ? await chartInflator(flags, here.outside) : undefined;
  const signal = new AbortController().signal;
  try {
    const { tree, path, isRemote } = await openTarget(dir, here.outside.folder, signal);
    const options = {
      loadRestrictor: isRemote ? 'rootOnly' : loadRestrictor,
      reorder,
      fetchRemote: here.outside.folder,
      fetchFile: here.outside.file,
      ...(inflateChart === undefined ? {} : { inflateChart }),
    } as const;
    return await buildOverlay(tree, path, options, signal);
  } finally {
    await here.close();
  }
};

interface Target extends OpenFolder {
  readonly isRemote: boolean;
}

/** The folder to build: of this machine, or of a Git repository. */
const openTarget = async (
  dir: string,
  fetchRemote: NonNullable<Outside['folder']>,
  signal: AbortSignal,
): Promise<Target> => {
  const [{ FolderTree }, { isRemote }] = await Promise.all([
    import('../../render/files/folder-tree.js'),
    import('../../render/kustomize/load/loader.js'),
  ]);
  if (isRemote(dir)) return { ...(await fetchRemote(dir, signal)), isRemote: true };
  if (dir === '') throw new CommandFailure('must build at directory: directory path cannot be empty');
  try {
    const folder = await realpath(dir);
    if (await isFolder(folder)) return { tree: new FolderTree('/'), path: folder.slice(1), isRemote: false };
  } catch (error) {
    throw new CommandFailure(`must build at directory: not a valid directory: '${dir}': ${reasonOf(error)}`);
  }
  throw new CommandFailure(`must build at directory: '${dir}': file is not directory`);
};

const chartInflator = async (flags: KustomizeFlags, { chart }: Required<Pick<Outside, 'chart'>>) => {
  const { createChartInflator } = await import('../../render/kustomize/generate/inflate-chart.js');
  return createChartInflator({
    pull: chart,
    apiVersions: flags.helmApiVersions,
    ...(flags.helmKubeVersion === undefined ? {} : { kubeVersion: flags.helmKubeVersion }),
  });
};
