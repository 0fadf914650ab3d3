import { stdout } from 'node:process';
import { Argument, Command } from 'commander';
import { buildProgram } from '../program.js';

interface Words {
  /** The commands that lead here: `app sync`. */
  readonly path: string;
  readonly words: readonly string[];
}

const wordsOf = (command: Command, path: string): Words[] => [
  {
    path,
    words: [
      ...command.commands.map((child) => child.name()),
      ...command.options.flatMap((option) => (option.long === undefined ? [] : [option.long])),
    ],
  },
  ...command.commands.flatMap((child) => wordsOf(child, `${path} ${child.name()}`.trim())),
];

const bashScript = (all: readonly Words[]): string => `_fairlead() {
  local word="\${COMP_WORDS[COMP_CWORD]}" path="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    [[ "\${COMP_WORDS[index]}" == -* ]] && break
    path="\${path:+$path }\${COMP_WORDS[index]}"
  done
  while true; do
    case "$path" in
${all.map(({ path, words }) => `      "${path}") COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$word")); return ;;`).join('\n')}
    esac
    [[ "$path" == *" "* ]] && path="\${path% *}" || path=""
  done
}
complete -o default -F _fairlead fairlead
`;

const zshScript = (all: readonly Words[]): string => `#compdef fairlead
autoload -U +X bashcompinit && bashcompinit
${bashScript(all)}`;

const fishScript = (all: readonly Words[]): string =>
  all
    .flatMap(({ path, words }) => {
      const condition =
        path === ''
          ? '__fish_use_subcommand'
          : path
              .split(' ')
              .map((word) => `__fish_seen_subcommand_from ${word}`)
              .join('; and ');
      return words.map((word) =>
        word.startsWith('--')
          ? `complete -c fairlead -n '${condition}' -l ${word.slice(2)}`
          : `complete -c fairlead -n '${condition}' -a ${word}`,
      );
    })
    .join('\n')
    .concat('\n');

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

export const completionCommand = (): Command =>
  new Command('completion')
    .description('Print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', '\nExample:\n  source <(fairlead completion bash)')
    .action(async (shell: keyof typeof SCRIPTS) => {
      const program = await buildProgram([]);
      stdout.write(SCRIPTS[shell](wordsOf(program, '')));
    });
