// The configuration as it may be handed on: its keys, and of its values only those that cannot be a secret. Not by what is known to be one, since a
// mistake in a key's name is enough for nobody to know.
import { parseTree, type Scalar, type Tree } from '../config/tree.ts';

/** Whose values are shown, with all that is below them. */
const shownKeys: ReadonlySet<string> = new Set(
  [
    'version name schedule watch safety verify canary rules state',
    'root include exclude gitignore generator pages partials lint defaults frontMatter branch every timeout depth subdir',
    'vendor sandbox baseUrl audience format maxDocumentBytes rate poll settle minInterval trainTimeout onUpdate onUnconfirmed',
    'required after paused split apiVersion takeOver features publish qa',
    'host port shutdownTimeout metricsOpen kind events targets',
  ].flatMap((line) => line.split(' ')),
);
/** Lists and maps whose members are judged key by key. */
const opened: ReadonlySet<string> = new Set(['', 'content', 'git', 'site', 'targets', 'daemon', 'notify', 'admin']);
/** As keys and signed tokens look, whatever key they stand under. */
const looksSecret = /[A-Za-z0-9+/_=-]{20,}|:\/\/[^/\s]*@/;

/**
 * The text of a configuration, as lines of YAML without its comments, which often hold what was there before. Of one that is not `valid` no text is
 * shown under any key: what was meant for the key beside it may stand there.
 */
export function redactedConfiguration(source: string, valid: boolean): string {
  const { root, brokenAt } = parseTree(source.replace(/^\uFEFF/, ''));
  if (brokenAt !== null) return `(broken YAML, ${source.length} characters: not shown)`;
  const shows = (key: string) => valid && shownKeys.has(key) && !opened.has(key);
  return linesOf(root, { key: '', open: false, depth: 0, shows }).join('\n');
}

interface Place {
  /** What the value stands under. */
  readonly key: string;
  /** Whether its texts are shown. */
  readonly open: boolean;
  readonly depth: number;
  readonly shows: (key: string) => boolean;
}

function linesOf(tree: Tree, place: Place): string[] {
  const { key, depth, shows } = place;
  const pad = '  '.repeat(depth);
  if (tree.kind === 'scalar') return [`${pad}${scalarText(tree, place.open)}`];
  const open = place.open || shows(key);
  if (tree.kind === 'list')
    return tree.items.flatMap((item) => {
      const [first = '', ...rest] = linesOf(item, { ...place, open, depth: depth + 1 });
      return [`${pad}- ${first.trimStart()}`, ...rest];
    });
  // What stands in an unknown map may be keyed by anything.
  const mayName = open || opened.has(key);
  return tree.entries.flatMap(({ key: name, value }) => {
    const label = mayName && !looksSecret.test(name) ? name : `(a key of ${name.length} characters)`;
    if (value.kind === 'scalar') return [`${pad}${label}: ${scalarText(value, open || shows(name))}`];
    if ((value.kind === 'list' ? value.items : value.entries).length === 0)
      return [`${pad}${label}: ${value.kind === 'list' ? '[]' : '{}'}`];
    return [`${pad}${label}:`, ...linesOf(value, { ...place, key: name, open, depth: depth + 1 })];
  });
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
