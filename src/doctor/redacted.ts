// The configuration as it may be handed on: its keys, and of its values only those that cannot be a secret. Not by what is known to be one, since a
// mistake in a key's name is enough for nobody to know.
import { type Mapping, parseTree, type Scalar, type Tree } from '../config/tree.ts';

/** Whose values are shown, with all that is below them. */
const shown: ReadonlySet<string> = new Set([
  ...['version', 'name', 'schedule', 'watch', 'safety', 'verify', 'canary', 'rules', 'state'],
  ...[
    'root',
    'include',
    'exclude',
    'gitignore',
    'generator',
    'pages',
    'partials',
    'lint',
    'defaults',
    'frontMatter',
    'branch',
    'every',
    'timeout',
    'depth',
    'subdir',
  ],
  ...[
    'vendor',
    'sandbox',
    'audience',
    'format',
    'maxDocumentBytes',
    'rate',
    'poll',
    'settle',
    'minInterval',
    'trainTimeout',
    'onUpdate',
    'onUnconfirmed',
  ],
  ...['required', 'after', 'paused', 'split', 'apiVersion', 'takeOver', 'features', 'publish', 'qa'],
  ...['host', 'port', 'shutdownTimeout', 'metricsOpen', 'kind', 'events', 'targets', 'baseUrl'],
]);
/** Lists and maps whose members are judged key by key. */
const opened: ReadonlySet<string> = new Set(['', 'content', 'git', 'site', 'targets', 'daemon', 'notify', 'admin']);
/** As keys and signed tokens look, whatever key they stand under. */
const looksSecret = /[A-Za-z0-9+/_=-]{20,}|:\/\/[^/\s]*@/;

/** The text of a configuration, as lines of YAML without its comments, which often hold what was there before. */
export function redactedConfiguration(source: string): string {
  const { root, brokenAt } = parseTree(source.replace(/^\uFEFF/, ''));
  if (brokenAt !== null) return `(broken YAML, ${source.length} characters: not shown)`;
  return linesOf(root, '', false, 0).join('\n');
}

function linesOf(tree: Tree, key: string, open: boolean, depth: number): string[] {
  const pad = '  '.repeat(depth);
  if (tree.kind === 'scalar') return [`${pad}${scalarText(tree, open)}`];
  const isOpen = open || (shown.has(key) && !opened.has(key));
  if (tree.kind === 'list')
    return tree.items.flatMap((item) => {
      const [first = '', ...rest] = linesOf(item, key, isOpen, depth + 1);
      return [`${pad}- ${first.trimStart()}`, ...rest];
    });
  return entriesOf(tree, key, isOpen, pad, depth);
}

function entriesOf(map: Mapping, key: string, open: boolean, pad: string, depth: number): string[] {
  // What stands in an unknown map may be keyed by anything.
  const mayName = open || opened.has(key);
  return map.entries.flatMap(({ key: name, value }) => {
    const label = mayName && !looksSecret.test(name) ? name : `(a key of ${name.length} characters)`;
    if (value.kind === 'scalar') return [`${pad}${label}: ${scalarText(value, open || isShown(name))}`];
    if ((value.kind === 'list' ? value.items : value.entries).length === 0)
      return [`${pad}${label}: ${value.kind === 'list' ? '[]' : '{}'}`];
    return [`${pad}${label}:`, ...linesOf(value, name, open, depth + 1)];
  });
}

function isShown(name: string): boolean {
  return shown.has(name) && !opened.has(name);
}

function scalarText({ value, source }: Scalar, open: boolean): string {
  if (value === null) return 'null';
  // Which variable it is read from is what one looks for; its default may be anything.
  const variables = [...source.matchAll(/\$\{([A-Z_a-z]\w{0,63})(:-[^}]*)?\}/g)];
  const rest = variables.reduce((text, [whole]) => text.replace(whole, ''), source);
  if (variables.length > 0 && (open || rest === ''))
    return looksSecret.test(rest)
      ? hidden(source)
      : variables.reduce(
          (text, [whole, name, fallback]) => text.replace(whole, `\${${name}${fallback === undefined ? '' : ':-…'}}`),
          source,
        );
  if (typeof value === 'boolean') return String(value);
  if (!open || looksSecret.test(source)) return hidden(source);
  return source;
}

function hidden(source: string): string {
  return `(text, ${source.length} characters)`;
}
