// docs/commands.md, made of the very tree of commands; and what is wrong with an example, judged by it.
import type { ArgumentFacts, CommandFacts, CommandTree, OptionFacts } from '../../src/cli/command-tree.ts';

/** The whole page. */
export function commandsPage({ description, options, commands }: CommandTree): string {
  return `${[
    '# Commands',
    'Made from the program itself (`UPDATE_README=1 npx vitest run test/commands.test.ts`); `kbsync COMMAND --help` prints the same.',
    description,
    commands.map(({ name, description: does }) => `- [\`${name}\`](#${name}): ${does}`).join('\n'),
    '## Options of every command',
    optionTable(options),
    ...commands.flatMap(sectionOf),
  ].join('\n\n')}\n`;
}

function sectionOf({ name, description, arguments: places, options, examples }: CommandFacts): string[] {
  const usage = ['kbsync', name, ...(options.length > 0 ? ['[options]'] : []), ...places.map(placeText)].join(' ');
  const width = Math.max(...examples.map(([line]) => line.length));
  return [
    `## ${name}`,
    `${description}.`,
    `\`\`\`sh\n${usage}\n\`\`\``,
    ...(places.length === 0
      ? []
      : [
          table(
            ['argument', 'what it is'],
            places.map((one) => [`\`${placeText(one)}\``, argumentText(one)]),
          ),
        ]),
    ...(options.length === 0 ? [] : [optionTable(options)]),
    `\`\`\`sh\n${examples.map(([line, does]) => (width > 60 ? `# ${does}\n${line}` : `${line.padEnd(width)}   # ${does}`)).join('\n')}\n\`\`\``,
  ];
}

function placeText({ name, required, several }: ArgumentFacts): string {
  const text = `${name}${several ? '...' : ''}`;
  return required ? `<${text}>` : `[${text}]`;
}

function argumentText({ description, choices }: ArgumentFacts): string {
  return choices.length === 0 ? description : `${description}: ${choices.map((one) => `\`${one}\``).join(', ')}`;
}

function optionTable(options: readonly OptionFacts[]): string {
  return table(
    ['option', 'what it does'],
    options.map(({ long, value, optional, description, choices, fallback }) => {
      const placeholder = value === null ? '' : optional ? ` [${value}]` : ` <${value}>`;
      const listed = choices.length === 0 ? '' : `: ${choices.map((one) => `\`${one}\``).join(', ')}`;
      return [`\`${long}${placeholder}\``, `${description}${listed}${fallback === null ? '' : `; default \`${fallback}\``}`];
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** The kbsync commands in a line for a shell, each as its words. */
export function commandsIn(line: string): readonly (readonly string[])[] {
  const inner = /^source <\((.*)\)$/.exec(line)?.[1] ?? line;
  return inner.split(' && ').map((part) => {
    const words = [...part.replace(/ > \S+$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, inQuotes, bare]) => inQuotes ?? bare ?? '');
    if (words[0] !== 'kbsync') throw new Error(`no kbsync command: ${part}`);
    return words.slice(1);
  });
}

/** What is wrong with these words, by the tree; null: nothing. */
export function faultOf(tree: CommandTree, [name = '', ...words]: readonly string[]): string | null {
  const command = tree.commands.find((one) => one.name === name);
  if (command === undefined) return `there is no command ${name}`;
  const known = [...command.options, ...tree.options];
  const given: string[] = [];
  const seen = new Set<string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('--')) {
      given.push(word);
      continue;
    }
    const option = known.find(({ long }) => long === word);
    if (option === undefined) return `${name} has no option ${word}`;
    if (seen.has(word) && !option.repeatable) return `${word} is given twice`;
    seen.add(word);
    if (option.value === null) continue;
    const value = words[at + 1];
    if (value === undefined || value.startsWith('--')) {
      if (!option.optional) return `${word} lacks its value`;
      continue;
    }
    at += 1;
    if (option.choices.length > 0 && !option.choices.includes(value)) return `${word} does not take ${value}`;
  }
  const places = command.arguments;
  const least = places.filter(({ required }) => required).length;
  if (given.length < least) return `${name} lacks ${places[given.length]?.name ?? 'an argument'}`;
  if (given.length > places.length && places.at(-1)?.several !== true) return `${name} takes no ${given.at(-1) ?? ''}`;
  const wrong = places.findIndex(({ choices }, at) => choices.length > 0 && given[at] !== undefined && !choices.includes(given[at] ?? ''));
  return wrong < 0 ? null : `${name} does not take ${given[wrong] ?? ''}`;
}
