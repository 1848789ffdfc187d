// The text of a first sync.config.yaml: every value with the line that explains it. Pure; whether it is valid is the loader's word.
import type { Generator, PageForm } from '../model/config.ts';
import { yamlList, yamlText } from './yaml-text.ts';

/** One of the vendor's own keys. */
export interface TargetLine {
  readonly key: string;
  /** A variable is written as `${NAME}`. */
  readonly value: { readonly variable: string } | { readonly text: string } | { readonly plain: string };
  readonly explained: string;
}

export interface NewConfiguration {
  readonly name: string;
  /** The documents, relative to the configuration; '' for its own folder. */
  readonly root: string;
  readonly rootExplained: string;
  readonly site: { readonly url: string; readonly generator: Generator; readonly pages: PageForm | null; readonly from: string } | null;
  readonly frontMatter: { readonly key: string; readonly id: { readonly key: string; readonly sure: boolean } | null };
  /** Where our keys of a page should stand here, in lines. */
  readonly keysExplained: readonly string[];
  readonly audience: readonly string[];
  readonly stateDir: string;
  /** The state between runs lies on a branch; `variable` may hold the token that pushes it. Null: in the folder alone. */
  readonly stateBranch: { readonly variable: string | null } | null;
  readonly target: {
    readonly name: string;
    readonly vendor: string;
    readonly label: string;
    readonly sandbox: boolean;
    /** Keys that a real bot needs. */
    readonly needs: readonly string[];
    readonly lines: readonly TargetLine[];
  };
}

/** The whole file. */
export function configurationText(given: NewConfiguration): string {
  return `${[...head(given), ...content(given), ...rules(given), ...state(given), ...target(given), ...rest].join('\n')}\n`;
}

function head({ name }: NewConfiguration): readonly string[] {
  return [
    '# yaml-language-server: $schema=./sync.config.schema.json',
    '#',
    '# What kbsync keeps in step with what. Written by kbsync init; from here on it is yours. Every key: content/configure/ of the manual.',
    "version: 1                         # of this file's format",
    '',
    '# The workspace: part of the mark by which kbsync knows its own items at a vendor. Choose it once, and keep it.',
    `name: ${yamlText(name)}`,
    '',
  ];
}

function content({ root, rootExplained, site, frontMatter, keysExplained, audience }: NewConfiguration): readonly string[] {
  const { key, id } = frontMatter;
  const map = id?.sure === true ? `, map: { id: ${yamlText(id.key)} }` : '';
  return [
    'content:',
    `  # The folder of documents, relative to this file. ${rootExplained}`,
    `  root: ${yamlText(root === '' ? './' : `./${root}`)}`,
    '  # Which files there are documents; what git ignores and what .kbsyncignore names is left out.',
    '  include: ["**/*.{md,mdx}"]',
    ...siteLines(site),
    ...keysExplained.map((line) => `  # ${line}`),
    ...(id?.sure === true ? [`  # map: each file says its id in a key of its own, and keeps it when it is moved.`] : []),
    ...(id?.sure === false ? [`  # If no two files share one: map: { id: ${yamlText(id.key)} } keeps a file's id when it is moved.`] : []),
    `  frontMatter: { key: ${yamlText(key)}${map} }`,
    ...(audience[0] === undefined
      ? ['  # defaults: { audience: public }   # of documents that state none; needed as soon as a target has a fence']
      : ['  # The audience of documents that state none.', `  defaults: { audience: ${yamlText(audience[0])} }`]),
    '',
  ];
}

function siteLines(site: NewConfiguration['site']): readonly string[] {
  if (site === null) {
    return [
      '  # site: { url: https://docs.example.com/, generator: plain }   # where the pages are published, so that a bot can cite them',
    ];
  }
  const pages = site.pages === null ? '' : `, pages: ${site.pages}`;
  return [
    `  # Where the pages are published, so that a bot can cite them. From ${site.from}.`,
    `  site: { url: ${JSON.stringify(site.url)}, generator: ${site.generator}${pages} }`,
  ];
}

function rules({ audience }: NewConfiguration): readonly string[] {
  if (audience.length === 0) return [];
  return ['# Keys by path, for what is not for everybody.', '# rules:', '#   - { match: "internal/**", set: { audience: internal } }', ''];
}

function state({ stateDir, stateBranch }: NewConfiguration): readonly string[] {
  return [
    'state:',
    '  # What kbsync remembers of what it pushed. Keep it out of your commits, and keep it: it is how nothing is doubled.',
    `  dir: ${yamlText(stateDir)}`,
    ...(stateBranch === null
      ? []
      : [
          '  # Between runs it lies on this branch of origin, which kbsync makes and alone writes, so that jobs and machines share one memory. What the bots',
          '  # were given is on it, too: whoever may read the repository may read that (docs/ci.md in the package).',
          `  git: { branch: kbsync-state${stateBranch.variable === null ? '' : `, token: "\${${stateBranch.variable}:-}"`} }`,
        ]),
    '',
  ];
}

function target({ target: { name, vendor, label, sandbox, needs, lines }, audience }: NewConfiguration): readonly string[] {
  return [
    '# The bots to keep in step, one entry each.',
    'targets:',
    '  # Its name, for commands and state.',
    `  - name: ${yamlText(name)}`,
    `    # Whose bot it is: ${label}.`,
    `    vendor: ${yamlText(vendor)}`,
    ...(sandbox
      ? [
          '    # The built-in emulator: no account, and nothing leaves this machine. For a bot of your own, take this line out and add',
          `    # ${needs.join(', ')}.`,
          '    sandbox: true',
        ]
      : []),
    ...lines.flatMap(({ key, value, explained }) => [`    # ${explained}`, `    ${key}: ${written(value)}`]),
    ...(audience.length === 0
      ? ['    # audience: [public]            # the fence: only documents with one of these audiences ever reach it']
      : ['    # The fence: only documents with one of these audiences ever reach it.', `    audience: ${yamlList(audience)}`]),
    '',
  ];
}

function written(value: TargetLine['value']): string {
  if ('variable' in value) return `\${${value.variable}}`;
  return 'plain' in value ? value.plain : JSON.stringify(value.text.replaceAll('${', () => '$${'));
}

const rest: readonly string[] = [
  '# The brakes, at their defaults: a plan that deletes or changes more than this waits for a person.',
  'safety:',
  '  maxDelete: { share: 10%, count: 50, floor: 5 }   # held above max(floor, min(share, count))',
  "  maxUpdate: { share: 50%, floor: 20 }             # held above max(floor, share of the target's documents)",
];
