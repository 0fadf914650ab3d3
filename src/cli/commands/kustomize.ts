import { realpath, writeFile } from 'node:fs/promises';
import { stderr, stdout } from 'node:process';
import { Command, Option } from 'commander';
import type { Outside } from '../../render/outside.js';
import { CommandFailure, EXIT } from '../exit-statuses.js';
import { lazyOutside } from '../lazy-outside.js';

interface KustomizeFlags {
  readonly enableHelm?: boolean;
  readonly enableAlphaPlugins?: boolean;
  readonly helmKubeVersion?: string;
  readonly helmApiVersions: readonly string[];
  readonly loadRestrictor: string;
  readonly reorder: 'legacy' | 'none';
  readonly network?: boolean;
  readonly mount: readonly string[];
  readonly output?: string;
}

const RESTRICTORS: Readonly<Record<string, 'rootOnly' | 'none'>> = {
  LoadRestrictionsRootOnly: 'rootOnly',
  LoadRestrictionsNone: 'none',
};

const collect = (value: string, list: readonly string[]): readonly string[] => [...list, ...value.split(',')];

const REORDER_IS_OLD =
  "Flag --reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead.\n";

/** `fairlead kustomize DIR`: what `kubectl kustomize` prints, with its flags. */
export const kustomizeCommand = (): Command =>
  new Command('kustomize')
    .description('Build a kustomization and print it, as kubectl kustomize does')
    .argument('[dir]', 'folder with a kustomization file', '.')
    .option('-o, --output <path>', 'write to this file')
    .addOption(
      new Option('--load-restrictor <restriction>', 'LoadRestrictionsNone lets files outside the folder be read')
        .choices(Object.keys(RESTRICTORS))
        .default('LoadRestrictionsRootOnly'),
    )
    .addOption(new Option('--reorder <order>', 'order of the output').choices(['legacy', 'none']).default('legacy'))
    .option('--enable-helm', 'render helmCharts, with the built-in renderer')
    .option('--helm-command <command>', 'accepted and not used: charts are rendered without helm')
    .option('--helm-kube-version <version>', 'Kubernetes version that charts see')
    .option('--helm-api-versions <versions>', 'API versions that charts see', collect, [])
    .option('--helm-debug', 'accepted and not used')
    .option('--enable-alpha-plugins', 'refused: nothing from a repository is executed')
    .option('--as-current-user', 'accepted and not used: no container is started')
    .option('-e, --env <variable>', 'accepted and not used: no function is run', collect, [])
    .option('--mount <mount>', 'refused: no container is started', collect, [])
    .option('--network', 'refused: no container is started')
    .option('--network-name <name>', 'accepted and not used')
    .action(async (dir: string, flags: KustomizeFlags, command: Command) => {
      if (command.getOptionValueSource('reorder') === 'cli') stderr.write(REORDER_IS_OLD);
      const text = await build(dir, flags);
      if (flags.output === undefined || flags.output === '') stdout.write(text);
      else await writeFile(flags.output, text);
    });

const build = async (dir: string, flags: KustomizeFlags): Promise<string> => {
  if (flags.enableAlphaPlugins === true || flags.network === true || flags.mount.length > 0) {
    throw new CommandFailure(
      'plugins and functions are not supported: --enable-alpha-plugins, --network and --mount are refused, because nothing from a repository is executed',
      EXIT.usage,
    );
  }
  const [{ FolderTree }, { buildOverlay }, { printOverlay }, { KustomizeError }] = await Promise.all([
    import('../../render/files/folder-tree.js'),
    import('../../render/kustomize/build/build-overlay.js'),
    import('../../render/kustomize/print-overlay.js'),
    import('../../render/kustomize/errors.js'),
  ]);
  const folder = await realpath(dir).catch(() => {
    throw new CommandFailure(`must build at directory: '${dir}' does not exist`);
  });
  const here = lazyOutside();
  const inflateChart = flags.enableHelm === true ? await chartInflator(flags, here.outside) : undefined;
  try {
    const built = await buildOverlay(
      new FolderTree('/'),
      folder.slice(1),
      {
        loadRestrictor: RESTRICTORS[flags.loadRestrictor] ?? 'rootOnly',
        reorder: flags.reorder,
        fetchRemote: here.outside.folder,
        fetchFile: here.outside.file,
        ...(inflateChart === undefined ? {} : { inflateChart }),
      },
      new AbortController().signal,
    );
    for (const warning of built.warnings) stderr.write(`${warning}\n`);
    return printOverlay(built);
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
    const at = error.file === undefined ? '' : `${error.file.startsWith('/') ? '' : '/'}${error.file}: `;
    throw new CommandFailure(at + error.message);
  } finally {
    await here.close();
  }
};

const chartInflator = async (flags: KustomizeFlags, { chart }: Required<Pick<Outside, 'chart'>>) => {
  const { createChartInflator } = await import('../../render/kustomize/generate/inflate-chart.js');
  return createChartInflator({
    pull: chart,
    apiVersions: flags.helmApiVersions,
    ...(flags.helmKubeVersion === undefined ? {} : { kubeVersion: flags.helmKubeVersion }),
  });
};
