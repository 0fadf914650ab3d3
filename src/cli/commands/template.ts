import { Command } from 'commander';
import { CommandFailure, EXIT } from '../exit-statuses.js';
import { withInstallFlags } from './template-install-flags.js';
import type { TemplateOptions } from '../template/template-options.js';

/** A flag that can be given several times. */
const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];
/** A flag whose value can also be a list with commas. */
const collectList = (value: string, previous: readonly string[] = []): string[] => [...previous, ...value.split(',')];

const withValues = (command: Command): Command =>
  command
    .option('-f, --values <file>', 'values file or address, several times; later ones win', collectList)
    .option('--set <key=value>', 'values on the command line: a.b=1,c[0]=x,d={1,2}', collect)
    .option('--set-string <key=value>', 'values that stay texts', collect)
    .option('--set-json <key=json>', 'values in JSON', collect)
    .option('--set-file <key=path>', 'values that are contents of files', collect)
    .option('--set-literal <key=text>', 'a value that is taken as it is', collect);

const withRelease = (command: Command): Command =>
  command
    .option('-n, --namespace <name>', 'namespace of the release')
    .option('-g, --generate-name', 'make up the name of the release')
    .option('--name-template <template>', 'template of the name of the release')
    .option('--is-upgrade', 'set .Release.IsUpgrade instead of .Release.IsInstall')
    .option('--kube-version <version>', 'version of Kubernetes that the chart sees')
    .option('-a, --api-versions <versions>', 'API versions that the chart finds besides the known ones', collectList)
    .option('--skip-schema-validation', 'do not check the values against schemas');

const withOutput = (command: Command): Command =>
  command
    .option('--include-crds', 'show the CRDs of the chart')
    .option('--skip-crds', 'do not install CRDs; without --include-crds they are not shown anyway')
    .option('--skip-tests', 'leave tests out')
    .option('--no-hooks', 'leave hooks out')
    .option('-s, --show-only <template>', 'show only what this template makes, several times', collect)
    .option('--output-dir <folder>', 'write files instead of printing')
    .option('--release-name', "put the release's name into the path of --output-dir")
    .option('--render-subchart-notes', "accepted as in helm; notes aren't shown")
    .option('--enable-dns', 'accepted as in helm; names are not looked up')
    .option('--debug', 'show what was rendered although it is no YAML');

const withSource = (command: Command): Command =>
  command
    .option('--repo <address>', 'repository that has the chart')
    .option('--version <range>', 'version or range of versions of the chart')
    .option('--devel', 'take prereleases too')
    .option('--dependency-update', 'bring missing dependencies into charts/ and write Chart.lock')
    .option('--username <name>', 'user at the repository')
    .option('--password <password>', 'password at the repository')
    .option('--pass-credentials', 'give the credentials to every host')
    .option('--ca-file <file>', 'authorities of the repository')
    .option('--cert-file <file>', 'certificate to show the repository')
    .option('--key-file <file>', 'its key')
    .option('--insecure-skip-tls-verify', "do not check the repository's certificate")
    .option('--plain-http', 'use HTTP for an OCI registry');

/** `fairlead template RELEASE CHART`: what `helm template` prints, with its flags. */
export const templateCommand = (): Command =>
  withInstallFlags(
    withSource(
      withOutput(
        withRelease(
          withValues(
            new Command('template')
              .description('Print the manifests that a Helm chart makes, as `helm template` does')
              .argument('[release]', 'name of the release')
              .argument('[chart]', 'folder, archive, address of a chart, or its name with --repo'),
          ),
        ),
      ),
    ),
  )
    .addHelpText('after', '\nExamples:\n  fairlead template web ./chart -f production.yaml --set image.tag=1.2.3')
    .action(async (release: string | undefined, chart: string | undefined, options: TemplateOptions) => {
      if (release === undefined) throw new CommandFailure('A chart is needed (add --help for usage)', EXIT.usage);
      const { runTemplate } = await import('../template/run-template.js');
      await runTemplate(
        [release, chart].filter((argument) => argument !== undefined),
        options,
      );
    });
