// What a shell offers at a press of the key: commands, options, their values, target names, documents. Reads the configuration's names and the
// state, sends nothing, writes nothing, resolves no variable, and says nothing where something is wrong: there is nobody who would read it.
import type { CommandFacts, CommandTree, OptionFacts } from './command-tree.ts';
import type { Known } from './complete-names.ts';

/** words: these. files, folders: the shell's own. none: nothing fits. */
export interface Offer {
  readonly kind: 'words' | 'files' | 'folders' | 'none';
  readonly words: readonly Word[];
}

type Word = readonly [word: string, about: string];

/** The names that a completion may need; each is looked up only where it is wanted. */
export interface Names {
  targets(config: string | null): Promise<readonly string[]>;
  webhooks(config: string | null): Promise<readonly string[]>;
  vendors(): Promise<readonly string[]>;
  documents(config: string | null, start: string): Promise<readonly string[]>;
}

const none: Offer = { kind: 'none', words: [] };
const files: Offer = { kind: 'files', words: [] };
const folders: Offer = { kind: 'folders', words: [] };

/** Nobody waits longer for a key. Milliseconds. */
const patienceMs = 2_000;

/** `kbsync __complete SHELL WORD…`: what fits behind the words before the last one, and begins as the last one does. Never throws. */
export async function complete(
  tree: CommandTree,
  given: readonly string[],
  scene: { readonly stdout: { write(text: string): unknown }; cwd(): string },
): Promise<void> {
  const [shell = '', ...words] = given;
  const late = new Promise<Offer>((resolve) => setTimeout(resolve, patienceMs, none).unref());
  const found = await Promise.race([namesBelow(scene.cwd()).then((names) => offerFor(tree, shell, words, names)), late]).catch(() => none);
  const lines = found.words.filter((word) => !/\p{Cc}/u.test(word.join(''))).map(([word, about]) => `${word}\t${about}`);
  scene.stdout.write(`${[found.kind, ...lines].join('\n')}\n`);
}

async function namesBelow(cwd: string): Promise<Names> {
  // Loaded only here: commands and options are known without it.
  const lookUp = async (config: string | null): Promise<Known> => (await import('./complete-names.ts')).namesIn(config, cwd);
  return {
    targets: async (config) => (await lookUp(config)).targets,
    webhooks: async (config) => (await lookUp(config)).webhooks,
    vendors: async () => (await import('../workspace/vendors.ts')).vendorKeys().names,
    documents: async (config, start) => (await import('./complete-names.ts')).documentsIn(config, cwd, start),
  };
}

/** What may stand at the end of these words, of which the last one has been begun. */
export async function offerFor(tree: CommandTree, shell: string, given: readonly string[], names: Names): Promise<Offer> {
  const words = shell === 'bash' ? joined(given) : given;
  const seen = read(tree, words.slice(0, -1));
  const last = words.at(-1) ?? '';
  const current = shell === 'bash' ? last.replace(/^["']/, '').replace(/\\(.)/g, '$1') : last;
  const scene: Scene = { tree, seen, names };
  if (seen.pending !== null && !(seen.pending.optional && current.startsWith('-')))
    return fitting(await valuesOf(seen.pending, scene, current), current);
  const [, name, begun] = /^(--[a-z-]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined && begun !== undefined && !seen.ended) {
    const option = optionsFor(tree, seen.command).find(({ long, value }) => long === name && value !== null);
    if (option === undefined) return none;
    const offer = fitting(await valuesOf(option, scene, begun), begun);
    // Bash takes the equals sign for a break between words: what it completes begins behind it.
    if (shell === 'bash' || offer.kind !== 'words') return offer;
    return { ...offer, words: offer.words.map(([word, about]) => [`${name}=${word}`, about]) };
  }
  if (current.startsWith('-') && !seen.ended) return fitting(openOptions(scene), current);
  if (seen.command === null) return fitting(wordsOf(tree.commands.map((one) => [one.name, one.description])), current);
  return fitting(await argumentsOf(seen.command, scene, current), current);
}

interface Seen {
  readonly command: CommandFacts | null;
  readonly places: readonly string[];
  readonly given: readonly OptionFacts[];
  /** The option whose value comes next. */
  readonly pending: OptionFacts | null;
  readonly config: string | null;
  /** Behind `--` there are no options. */
  readonly ended: boolean;
}

interface Scene {
  readonly tree: CommandTree;
  readonly seen: Seen;
  readonly names: Names;
}

/** `--format = markdown`, as bash splits it, is one word again. */
function joined(words: readonly string[]): readonly string[] {
  const whole: string[] = [];
  let open = false;
  for (const word of words) {
    const before = whole.at(-1);
    const isBreak = word === '=' && before !== undefined && /^--[a-z-]+$/.test(before);
    if (before !== undefined && (isBreak || open)) whole[whole.length - 1] = before + word;
    else whole.push(word);
    open = isBreak;
  }
  return whole;
}

function read(tree: CommandTree, words: readonly string[]): Seen {
  let command: CommandFacts | null = null;
  let pending: OptionFacts | null = null;
  let config: string | null = null;
  let ended = false;
  const places: string[] = [];
  const given: OptionFacts[] = [];
  for (const word of words) {
    if (pending !== null && !(pending.optional && word.startsWith('-'))) {
      if (pending.long === '--config') config = word;
      pending = null;
      continue;
    }
    pending = null;
    if (word === '--') ended = true;
    else if (word.startsWith('-') && !ended) {
      const [, name = word, value] = /^([^=]*)=?(.*)$/s.exec(word) ?? [];
      const option = optionsFor(tree, command).find(({ long }) => long === name);
      if (option === undefined) continue;
      given.push(option);
      if (name === '--config' && word.includes('=')) config = value ?? null;
      if (option.value !== null && !word.includes('=')) pending = option;
    } else if (command === null) command = tree.commands.find(({ name }) => name === word) ?? unknownCommand(word);
    else places.push(word);
  }
  return { command, places, given, pending, config, ended };
}

function unknownCommand(name: string): CommandFacts {
  return { name, description: '', arguments: [], options: [], examples: [] };
}

function optionsFor(tree: CommandTree, command: CommandFacts | null): readonly OptionFacts[] {
  return [...(command?.options ?? []), ...tree.options];
}

function openOptions({ tree, seen }: Scene): Offer {
  const given = new Set(seen.given.filter(({ repeatable }) => !repeatable).map(({ long }) => long));
  const open = optionsFor(tree, seen.command).filter(({ long }) => !given.has(long));
  return wordsOf(open.map(({ long, description }) => [long, description]));
}

/** Values that stand in an option's words, not in its choices. */
const known: { readonly [option: string]: readonly string[] } = {
  '--fail-if': ['pending', 'failed', 'todo', 'unconfirmed', 'stale='],
  '--texts': ['all', 'none', '5%'],
};

async function valuesOf(option: OptionFacts, { seen, names }: Scene, start: string): Promise<Offer> {
  const { long, value, choices } = option;
  if (choices.length > 0) return plainWords(choices);
  const few = known[long];
  if (few !== undefined) return plainWords(few);
  if (long === '--target' || value === 'target') return plainWords(await names.targets(seen.config));
  if (long === '--vendor') return plainWords(await names.vendors());
  if (value === 'file') return files;
  if (value === 'dir' || value === 'folder') return folders;
  return value === 'document' ? plainWords(await names.documents(seen.config, start)) : none;
}

/** What stands first behind these commands. */
const actions: { readonly [command: string]: readonly string[] } = {
  todo: ['done', 'created', 'retry', 'approve'],
  watch: ['pause', 'resume'],
  state: ['rename', 'accept'],
  notify: ['test'],
};

async function argumentsOf(command: CommandFacts, { seen, names }: Scene, start: string): Promise<Offer> {
  const at = seen.places.length;
  const last = command.arguments.at(-1);
  const argument = command.arguments[at] ?? (last?.several === true ? last : undefined);
  if (argument === undefined) return none;
  if (argument.choices.length > 0) return plainWords(argument.choices);
  const isAll = seen.given.some(({ long }) => long === '--all');
  switch (argument.name) {
    case 'action':
      return plainWords(actions[command.name] ?? []);
    case 'target':
      return isAll ? none : without(await names.targets(seen.config), seen.places);
    case 'webhook':
      return without(await names.webhooks(seen.config), seen.places);
    case 'document': {
      const found = await names.documents(seen.config, start);
      return found.length === 0 ? files : without(found, seen.places);
    }
    case 'path':
      return files;
    default:
      return none;
  }
}

function without(words: readonly string[], given: readonly string[]): Offer {
  return plainWords(words.filter((word) => !given.includes(word)));
}

function plainWords(words: readonly string[]): Offer {
  return wordsOf(words.map((word) => [word, '']));
}

function wordsOf(words: readonly Word[]): Offer {
  return { kind: 'words', words };
}

function fitting(offer: Offer, start: string): Offer {
  if (offer.kind !== 'words') return offer;
  const words = offer.words.filter(([word]) => word.startsWith(start));
  return words.length === 0 ? none : { kind: 'words', words };
}
