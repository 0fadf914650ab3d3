import { Command } from 'commander';
import { packageVersion } from './version.js';

/** Every command with what loads it: only the one that is asked for is loaded, so that small commands start fast. */
const COMMANDS: Readonly<Record<string, () => Promise<() => Command>>> = {
  up: async () => (await import('./commands/up.js')).upCommand,
  demo: async () => (await import('./commands/demo.js')).demoCommand,
  app: async () => (await import('./commands/app/app.js')).appCommand,
  template: async () => (await import('./commands/template.js')).templateCommand,
  kustomize: async () => (await import('./commands/kustomize.js')).kustomizeCommand,
  clear: async () => (await import('./commands/clear.js')).clearCommand,
  kubeconfig: async () => (await import('./commands/kubeconfig.js')).kubeconfigCommand,
  version: async () => (await import('./commands/version.js')).versionCommand,
  completion: async () => (await import('./commands/completion.js')).completionCommand,
};

const EXAMPLES = `
Examples:
  fairlead demo                                          see it work
  fairlead up --repo https://git.example/me/apps --path apps
                                                         deploy what a repository holds
  fairlead app list                                      what runs, and how it is
  fairlead kubeconfig > kubeconfig                       for kubectl and helm
  fairlead template my-release ./chart -f values.yaml    as helm template
  fairlead kustomize ./overlay                           as kubectl kustomize`;

/** The program with the command that the arguments name, or with all of them for help and mistakes. */
export const buildProgram = async (args: readonly string[]): Promise<Command> => {
  const program = new Command('fairlead')
    .description('Git push to running containers: a GitOps operator that carries its own cluster')
    .enablePositionalOptions()
    .version(packageVersion())
    .addHelpText('after', EXAMPLES);
  const named = COMMANDS[args[0] ?? ''];
  for (const load of named === undefined ? Object.values(COMMANDS) : [named]) {
    program.addCommand((await load())());
  }
  failByThrowing(program);
  return program;
};

/** Wrong usage throws, in every command, so that `main` decides the exit status. */
const failByThrowing = (command: Command): void => {
  command.exitOverride().showHelpAfterError('(add --help for usage)');
  for (const child of command.commands) failByThrowing(child);
};
