import { type Command, Option } from 'commander';
import { CommandFailure, EXIT } from '../exit-statuses.js';
import { readDuration } from '../../render/helm/functions/go-duration.js';
import { goQuote } from '../../render/helm/template/quote.js';

const invalid = (value: string, flag: string, problem: string): CommandFailure =>
  new CommandFailure(`invalid argument ${goQuote(value)} for ${goQuote(flag)} flag: ${problem}`, EXIT.usage);

const label = (value: string): string => {
  for (const pair of value.split(',')) {
    if (!pair.includes('=')) throw invalid(value, '-l, --labels', `${pair} must be formatted as key=value`);
  }
  return value;
};

const waitStrategy = (value: string): string => {
  if (['watcher', 'hookOnly', 'legacy', 'true', 'false'].includes(value)) return value;
  const problem = `invalid wait input ${goQuote(value)}. Valid inputs are watcher, hookOnly, and legacy`;
  throw invalid(value, '--wait', problem);
};

const duration = (value: string): string => {
  const read = readDuration(value);
  if (typeof read === 'object') throw invalid(value, '--timeout', read.problem);
  return value;
};

const whether =
  (flag: string) =>
  (value: string): string => {
    if (/^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False|auto)$/.test(value)) return value;
    throw invalid(value, flag, `strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`);
  };

/** Nothing that a chart or its user brings is executed: there are no plugins to find. */
const postRenderer = (value: string): string => {
  throw invalid(value, '--post-renderer', `plugin: {Name:${value} Type:postrenderer/v1} not found`);
};

const dryRun = (value: string): string => {
  if (['client', 'none', 'unset', 'true', 'false'].includes(value)) return value;
  if (value === 'server') throw new CommandFailure('--dry-run=server needs a cluster: charts are rendered without one');
  throw new CommandFailure(`invalid dry-run value (${goQuote(value)}). Must be "none", "server", or "client"`);
};

/** Flags of `helm template` that say how to install: they are checked, and change nothing about what is printed. */
const IGNORED = [
  '--atomic',
  '--create-namespace',
  '--disable-openapi-validation',
  '--force',
  '--force-conflicts',
  '--force-replace',
  '--hide-notes',
  '--kube-insecure-skip-tls-verify',
  '--replace',
  '--rollback-on-failure',
  '--take-ownership',
  '--wait-for-jobs',
  '--description <text>',
  '--post-renderer-args <argument>',
  '--burst-limit <count>',
  '--qps <count>',
  '--color <when>',
  '--colour <when>',
  '--content-cache <folder>',
  '--kube-apiserver <address>',
  '--kube-as-group <group>',
  '--kube-as-user <user>',
  '--kube-ca-file <file>',
  '--kube-context <name>',
  '--kube-tls-server-name <name>',
  '--kube-token <token>',
  '--kubeconfig <file>',
  '--repository-cache <folder>',
];

/** These flags take a value behind `=` only: what follows them is an argument of the command. */
const BARE: ReadonlyMap<string, string> = new Map([
  ['--dry-run', '--dry-run=unset'],
  ['--wait', '--wait=watcher'],
  ['--server-side', '--server-side=true'],
]);

/** Takes the flags that scripts written for helm give, so that they run unchanged. */
export const withInstallFlags = (command: Command): Command => {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (args) => parse(args.map((arg) => BARE.get(arg) ?? arg));
  for (const flag of IGNORED) command.addOption(new Option(flag).hideHelp());
  return command
    .addOption(new Option('-l, --labels <key=value>').argParser(label).hideHelp())
    .addOption(new Option('--wait [strategy]').argParser(waitStrategy).hideHelp())
    .addOption(new Option('--timeout <duration>').argParser(duration).hideHelp())
    .addOption(new Option('--server-side [whether]').argParser(whether('--server-side')).hideHelp())
    .addOption(new Option('--post-renderer <name>').argParser(postRenderer).hideHelp())
    .addOption(new Option('--dry-run [where]').argParser(dryRun).hideHelp())
    .addOption(new Option('--validate').hideHelp())
    .option('--keyring <file>', 'public keys for --verify, as `gpg --export` writes them')
    .option('--verify', "check the signature of the chart's archive: its provenance file, NAME.tgz.prov")
    .option('--registry-config <file>', 'logins at registries, as `helm registry login` writes them')
    .option('--repository-config <file>', "helm's list of repositories and their names");
};
