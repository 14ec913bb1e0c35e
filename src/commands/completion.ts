import type { Command } from 'commander';
import { S4Error } from '../lib/errors.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

interface Known {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly string[];
  readonly takesTarget: boolean;
  /** Commands of its own, as `daemon` has them. */
  readonly verbs: readonly string[];
}

/** A completion script made from the commands themselves; target names come from `s4 completion --targets`. */
export function completionScript(program: Command, shell: string): string {
  const commands = program.commands.map(knownOf);
  const globals = longFlags(program);
  switch (shell) {
    case 'bash':
      return bash(commands, globals);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands, globals)}`;
    case 'fish':
      return fish(commands, globals);
    default:
      throw new S4Error('USAGE', `"${shell}" is not a shell that s4 knows.`, {
        hint: `Choices are: ${SHELLS.join(', ')}.`,
      });
  }
}

function knownOf(command: Command): Known {
  return {
    name: command.name(),
    description: command.summary() || command.description().split('\n')[0] || '',
    flags: [...new Set([command, ...command.commands].flatMap(longFlags))],
    takesTarget: [command, ...command.commands].some(takesTarget),
    verbs: command.commands.map((verb) => verb.name()),
  };
}

function takesTarget(command: Command): boolean {
  return command.registeredArguments.some((argument) => /target/i.test(argument.name()));
}

function longFlags(command: Command): readonly string[] {
  return command.options.flatMap((option) => option.long ?? []);
}

function bash(commands: readonly Known[], globals: readonly string[]): string {
  const cases = commands
    .map((known) => {
      const words = [...known.flags, ...globals].join(' ');
      const verbs = known.verbs.length === 0 ? '' : `; verbs="${known.verbs.join(' ')}"`;
      return `    ${known.name}) words="${words}"; targets=${known.takesTarget ? 1 : 0}${verbs} ;;`;
    })
    .join('\n');
  return `# s4 completion for bash: source <(s4 completion bash)
_s4_complete() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words verbs="" targets=0 name
  COMPREPLY=()
  case "\${COMP_WORDS[1]}" in
${cases}
    *) words="" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} ${globals.join(' ')}" -- "$cur"))
    return
  fi
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  if [ "$COMP_CWORD" -eq 2 ] && [ -n "$verbs" ]; then
    COMPREPLY=($(compgen -W "$verbs" -- "$cur"))
  fi
  if [ "$targets" -eq 1 ]; then
    while IFS= read -r name; do
      [[ "$name" == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$name")")
    done < <(s4 completion --targets 2>/dev/null)
  fi
  while IFS= read -r name; do COMPREPLY+=("$(printf '%q' "$name")"); done < <(compgen -f -- "$cur")
}
complete -o nospace -F _s4_complete s4
`.replace('complete -o nospace', 'complete');
}

function fish(commands: readonly Known[], globals: readonly string[]): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, description, flags, verbs, ...known }) => [
    `complete -c s4 -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
    ...flags.map(
      (flag) => `complete -c s4 -n '__fish_seen_subcommand_from ${name}' -l ${flag.replace(/^--/, '')}`,
    ),
    ...verbs.map((verb) => `complete -c s4 -n '__fish_seen_subcommand_from ${name}' -a ${verb}`),
    ...(known.takesTarget
      ? [`complete -c s4 -n '__fish_seen_subcommand_from ${name}' -a '(s4 completion --targets 2>/dev/null)'`]
      : []),
  ]);
  return `# s4 completion for fish: s4 completion fish | source
${[...lines, ...globals.map((flag) => `complete -c s4 -l ${flag.replace(/^--/, '')}`)].join('\n')}
`;
}
