// What init needs to know: from options first, then from at most five questions where there is a terminal, else from what was found.
import path from 'node:path';
import type { ConnectorSpec } from '../connectors/connector.ts';
import { SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import { counted } from '../plan/words.ts';
import type { Ci, WritableCi } from '../setup/ci.ts';
import { isThere } from '../setup/disk.ts';
import { countBelow, type Survey } from '../setup/survey.ts';
import type { Asking } from './init-ask.ts';
import { formOf, memoryOf, readSettings } from './init-target.ts';
import { belowRoot } from './paths.ts';

/** `init`, parsed. */
export interface InitRequest {
  /** Ask nothing. */
  readonly yes: boolean;
  readonly sandbox: boolean;
  readonly vendor: string | null;
  readonly root: string | null;
  readonly name: string | null;
  readonly audience: readonly string[];
  readonly set: readonly string[];
  readonly url: string | null;
  readonly ci: 'auto' | WritableCi | 'none' | null;
  /** Where the state lies between jobs; null: what suits. */
  readonly state: 'git' | 'cache' | null;
  /** Try the key at the vendor. */
  readonly check: boolean;
}

export interface Answers {
  /** Relative to the configuration's folder; '' for that folder. */
  readonly root: string;
  readonly spec: ConnectorSpec;
  readonly sandbox: boolean;
  readonly set: ReadonlyMap<string, string>;
  /** The key, if it was typed. */
  readonly typed: { readonly variable: string; readonly value: string } | null;
  readonly ci: WritableCi | null;
  /** Where the state lies between runs: on a branch, in what a workflow saves, or in the folder alone. */
  readonly state: 'git' | 'cache' | 'folder';
}

export interface Circumstances {
  readonly folder: string;
  readonly cwd: string;
  readonly survey: Survey;
  /** The folder of documents that was found. */
  readonly root: string | null;
  readonly ci: Ci | null;
  readonly specs: readonly ConnectorSpec[];
  /** Which variables have a value already. */
  readonly isSet: (variable: string) => Promise<boolean>;
}

/** The folder that is made where there are no documents yet. */
export const newRoot = 'content';

/** The vendor of a sandbox where none is named. */
const sandboxVendor = 'chatthing';

/** Null for `asking`: nobody is there to be asked. USAGE where what is missing cannot be guessed, ABORTED where the person stops. */
export async function answersOf(request: InitRequest, known: Circumstances, asking: Asking | null): Promise<Answers> {
  const given = request.vendor === null ? null : vendorNamed(request.vendor, known.specs);
  // Before the first question: a mistake on the command line needs no conversation.
  const first = readSettings(request.set, given ?? (request.sandbox ? vendorNamed(sandboxVendor, known.specs) : null));
  const fixed = request.root === null ? null : rootGiven(request.root, known);
  if (asking === null && given === null && !request.sandbox) {
    throw new SyncError('USAGE', {
      message: `whose bot it is cannot be guessed, and there is nobody to ask: there are ${known.specs.map(({ name }) => name).join(', ')}`,
      next: 'run kbsync init --yes --sandbox to try it without an account, or kbsync init --yes --vendor NAME',
    });
  }
  const root = fixed ?? (asking === null ? (known.root ?? newRoot) : await askRoot(known, asking));
  const chosen = given ?? (request.sandbox || asking === null ? null : await askVendor(known.specs, asking));
  const sandbox = request.sandbox || chosen === null;
  const spec = chosen ?? vendorNamed(sandboxVendor, known.specs);
  const { set, typed } = sandbox || asking === null ? { set: first, typed: null } : await askKeys(spec, first, known, asking);
  checkState(request, spec, set, sandbox);
  const ci = await ciOf(request, known, sandbox ? null : asking);
  return { root, spec, sandbox, set, typed, ci, state: stateOf(request, ci, sandbox) };
}

/**
 * A branch is good with every vendor (docs/ci.md), so jobs get one unless somebody says otherwise. A sandbox lives in the state folder, which a
 * cache carries and a branch does not.
 */
function stateOf({ state }: InitRequest, ci: WritableCi | null, sandbox: boolean): Answers['state'] {
  if (state === 'git') return 'git';
  if (ci === null) return 'folder';
  return sandbox ? 'cache' : (state ?? 'git');
}

/** USAGE where the state would not survive in that place. */
function checkState({ state }: InitRequest, spec: ConnectorSpec, set: ReadonlyMap<string, string>, sandbox: boolean): void {
  if (state === 'git' && sandbox) {
    throw new SyncError('USAGE', {
      message: '--state git: a sandbox bot lives in the state folder and is never on a branch',
      next: 'leave --state out, or name a bot of your own with --vendor instead of --sandbox',
    });
  }
  if (state !== 'cache' || sandbox || memoryOf(spec, set).forgives) return;
  throw new SyncError('USAGE', {
    message: `--state cache: ${spec.label} cannot be asked what it holds, and after a cache that is old, things would be made twice`,
    next: 'leave --state out, which puts the state on a branch, or keep the state in a folder that stays (docs/ci.md in the package)',
  });
}

function vendorNamed(name: string, specs: readonly ConnectorSpec[]): ConnectorSpec {
  const found = specs.find((spec) => spec.name === name);
  if (found !== undefined) return found;
  throw new SyncError('USAGE', { message: `--vendor: found "${name}", expected one of ${specs.map((spec) => spec.name).join(', ')}` });
}

function rootGiven(given: string, { folder, cwd }: Circumstances): string {
  const relative = belowRoot(given, folder, cwd);
  if (relative === null || given.trim() === '') throw new SyncError('USAGE', { message: `--root: ${given} does not lie below ${folder}` });
  if (!isThere(path.join(folder, relative))) throw new SyncError('USAGE', { message: `--root: there is no folder ${given}` });
  return relative;
}

const mostTries = 3;

/** Asks until the answer is one, three times at most. */
async function until<Answer>(asking: Asking, question: string, read: (text: string) => Answer | string): Promise<Exclude<Answer, string>> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const answer = read(await asking.ask(question));
    if (typeof answer !== 'string') return answer as Exclude<Answer, string>;
    asking.say(visible(answer));
  }
  throw new SyncError('USAGE', {
    message: 'there was no answer that could be used: nothing was written',
    next: 'run kbsync init again, or see kbsync init --help',
  });
}

async function askRoot(known: Circumstances, asking: Asking): Promise<string> {
  const found = known.root ?? newRoot;
  const what = known.root === null ? 'a new folder' : counted(countBelow(known.survey, known.root), 'Markdown file');
  const question = `Where are your documents? [${visible(found === '' ? '.' : found)}, ${what}] `;
  const { root } = await until(asking, question, (text) => {
    if (text === '') return { root: found };
    try {
      return { root: rootGiven(text, { ...known, cwd: known.folder }) };
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message.replace(/^--root: /, '') : String(thrown);
    }
  });
  return root;
}

/** Null: a sandbox. */
async function askVendor(specs: readonly ConnectorSpec[], asking: Asking): Promise<ConnectorSpec | null> {
  asking.say('Which bot shall know them?');
  asking.say('  1  a sandbox: an emulated bot on this machine, which needs no account');
  for (const [at, { label }] of specs.entries()) asking.say(`  ${at + 2}  ${label}`);
  const { spec } = await until(asking, '[1] ', (text) => {
    if (text === '' || text === '1' || /^sandbox$/i.test(text)) return { spec: null };
    const found = specs.find((one, at) => text === String(at + 2) || [one.name, one.label.toLowerCase()].includes(text.toLowerCase()));
    return found === undefined ? `expected 1 to ${specs.length + 1}` : { spec: found };
  });
  return spec;
}

/** The bot's id, and the key; what is left open comes from variables that are set later. */
async function askKeys(
  spec: ConnectorSpec,
  given: ReadonlyMap<string, string>,
  known: Circumstances,
  asking: Asking,
): Promise<Pick<Answers, 'set' | 'typed'>> {
  const set = new Map(given);
  const form = formOf(spec, given);
  const { idKey, secretKey } = form;
  if (idKey !== null && !set.has(idKey) && !(await known.isSet(form.variable(idKey)))) {
    asking.say(form.explained(idKey));
    const id = await asking.ask(`${spec.label} ${idKey} (Enter: later): `);
    if (id !== '') set.set(idKey, id);
  }
  if (secretKey === null || (await known.isSet(form.variable(secretKey)))) return { set, typed: null };
  asking.say(form.explained(secretKey));
  const value = await asking.askHidden(`${spec.label} ${secretKey}, which is not shown (Enter: later): `);
  return { set, typed: value === '' ? null : { variable: form.variable(secretKey), value } };
}

async function ciOf({ ci: wanted }: InitRequest, { ci: found }: Circumstances, asking: Asking | null): Promise<WritableCi | null> {
  const writable = found !== null && (found.system === 'github' || found.system === 'gitlab') ? found.system : null;
  if (wanted === 'github' || wanted === 'gitlab') return wanted;
  if (wanted === 'auto') return writable;
  if (wanted === 'none' || writable === null || asking === null) return null;
  const label = writable === 'github' ? 'GitHub' : 'GitLab';
  const answer = await asking.ask(`Write a ${label} workflow: a plan on pull requests, a sync on push, a look each night? [y/N] `);
  return /^y(?:es)?$/i.test(answer) ? writable : null;
}
