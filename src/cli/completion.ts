// `completion SHELL`: a short script; what it offers is asked of the program at every press of the key, and so is always that of the version in use.
import type { Invocation } from './invocation.ts';

/** Prints the script; with --json as a text of it. Resolves to 0. `shell` is one of those that the command line lets through. */
export async function completion({ output, command }: Pick<Invocation, 'output' | 'command'>, shell: string): Promise<number> {
  const script = scripts[shell] ?? '';
  output.answer(
    () => ({ version: 1, command, exitCode: 0, shell, script }),
    () => output.verbatim(script),
  );
  return 0;
}

// Each calls the very program that was typed, with the words up to the cursor. The first line of the answer says what kind of thing follows.
const bash = shellText`# bash completion for kbsync. For good: kbsync completion bash > ~/.local/share/bash-completion/completions/kbsync
_kbsync() {
  local program=%{COMP_WORDS[0]} current=%{COMP_WORDS[COMP_CWORD]} kind='' line
  case $program in '~/'*) program=$HOME/%{program#"~/"} ;; esac
  [ "$current" = '=' ] && current=''
  COMPREPLY=()
  while IFS= read -r line; do
    if [ -z "$kind" ]; then kind=$line; else COMPREPLY+=("%{line%%$'\t'*}"); fi
  done < <("$program" __complete bash "%{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case $kind in
    words)
      case "%{#COMPREPLY[@]} %{COMPREPLY[*]}" in
        '1 '*=) compopt -o nospace 2>/dev/null ;;
        *[/\#]*) compopt -o filenames 2>/dev/null ;;
      esac ;;
    files) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current"); compopt -o filenames 2>/dev/null ;;
    folders) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current"); compopt -o filenames 2>/dev/null ;;
  esac
  return 0
}
complete -F _kbsync kbsync
`;

const zsh = shellText`#compdef kbsync
# zsh completion for kbsync. For good: kbsync completion zsh > "%{fpath[1]}/_kbsync"; for this shell: source <(kbsync completion zsh)
_kbsync() {
  local program=%{(Q)words[1]} kind line
  local -a before lines plain described
  program=%{program/#\~\//$HOME/}
  (( CURRENT > 2 )) && before=("%{(@Q)words[2,CURRENT-1]}")
  lines=("%{(@f)$("$program" __complete zsh "%{before[@]}" "%{(Q)PREFIX}" 2>/dev/null)}")
  kind=%{lines[1]}
  case $kind in
    words)
      for line in "%{(@)lines[2,-1]}"; do
        plain+=("%{line%%$'\t'*}")
        described+=("%{line%%$'\t'*}  %{line#*$'\t'}")
      done
      if [[ $#plain -eq 1 && $plain[1] == *= ]]; then compadd -S '' -a plain
      elif [[ $lines[2] == *$'\t' ]]; then compadd -a plain
      else compadd -l -d described -a plain; fi ;;
    files) _files ;;
    folders) _files -/ ;;
  esac
  return 0
}
# Sourced, it announces itself; found on fpath, it is called at once.
if [ "%{funcstack[1]:-}" = _kbsync ]; then _kbsync "$@"; else compdef _kbsync kbsync; fi
`;

const fish = shellText`# fish completion for kbsync. For good: kbsync completion fish > ~/.config/fish/completions/kbsync.fish
function __kbsync_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l program (string replace -r "^~/" "$HOME/" -- $words[1])
  set -e words[1]
  set -l lines ($program __complete fish $words "$current" 2>/dev/null)
  switch "$lines[1]"
    case words
      printf '%s\n' $lines[2..-1]
    case files
      __fish_complete_path "$current"
    case folders
      __fish_complete_directories "$current"
  end
end
complete -c kbsync -f -a '(__kbsync_complete)'
`;

const scripts: { readonly [shell: string]: string } = { bash, zsh, fish };

/** A text as it stands, with %{ for what shells write as a dollar and a brace. */
function shellText(text: TemplateStringsArray): string {
  return String.raw(text).replaceAll('%{', '$' + '{');
}
