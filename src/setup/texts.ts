// The small files beside a new configuration: what is ignored, the names of the secrets, a first page. Pure.
import { parseEnv } from 'node:util';
import { ignoreRules } from '../content/ignore.ts';

/** A variable that the configuration names. */
export interface NewVariable {
  readonly name: string;
  readonly explained: string;
  readonly secret: boolean;
}

/** `.kbsyncignore`, which stands in the content folder; `isProject`: that is the project itself. */
export function ignoreFileText(isProject: boolean): string {
  const lines = isProject
    ? [
        '# What speaks to those who work on the repository, and not to the users of a bot.',
        '/README.md',
        '/CHANGELOG.md',
        '/CONTRIBUTING.md',
        '/CODE_OF_CONDUCT.md',
        '/SECURITY.md',
        '/LICENSE.md',
        '/CLAUDE.md',
        '/AGENTS.md',
        '/test/',
        '/tests/',
        '/dist/',
        '/build/',
      ]
    : ['# drafts/', '# **/CHANGELOG.md'];
  return `# Files that are no documents of any bot, in the syntax of .gitignore. What git ignores is left out as well.\n${lines.join('\n')}\n`;
}

/** The lines that `.gitignore` lacks so that the state and .env stay out of git; '' for none. Line ends as they are there. */
export function gitignoreAddition(before: string | null, stateFolder: string): string {
  const rules = ignoreRules();
  rules.add('', [before ?? '']);
  const wanted = [...(rules.ignores(stateFolder, true) ? [] : [`/${stateFolder}/`]), ...(rules.ignores('.env', false) ? [] : ['/.env'])];
  if (wanted.length === 0) return '';
  const end = before?.includes('\r\n') === true ? '\r\n' : '\n';
  const gap = before === null || before === '' ? '' : /\n$/.test(before) ? end : `${end}${end}`;
  return `${gap}${['# kbsync: its memory, and its secrets', ...wanted].join(end)}${end}`;
}

/** `.env.example`: every variable, none with a value. */
export function envExampleText(variables: readonly NewVariable[]): string {
  const lines = variables.flatMap(({ name, explained }) => [`# ${explained}`, `${name}=`, '']);
  return `# What sync.config.yaml needs. Copy this file to .env, which git ignores, and fill it in; or set the same names in the environment.\n\n${lines.join('\n')}`;
}

/** One line of `.env`; null where no line of that format gives back the value. */
export function envLine(name: string, value: string): string | null {
  const forms = [value, `'${value}'`, `"${value}"`, `\`${value}\``].map((form) => `${name}=${form}`);
  return (
    forms.find(
      (line) => !/[\r\n]/.test(line) && parseEnv(`A=1\n${line}\nB=2\n`)[name] === value && parseEnv(`${line}\nB=2\n`)['B'] === '2',
    ) ?? null
  );
}

/** A first page, for a folder without any, with a question that proves it. */
export const firstPage = `---
title: How kbsync keeps this bot in step
kb:
  tests:
    - ask: What does kbsync keep in step with this folder?
      expect: ["bot"]
---

kbsync keeps a bot in step with this folder of Markdown files. Edit this page, or put your own beside it, and run \`kbsync sync\`: the bot
learns what has changed, and forgets what was deleted.

\`kbsync plan\` shows what would be done, and changes nothing. \`kbsync status\` says which revision of each page the bot knows.
`;
