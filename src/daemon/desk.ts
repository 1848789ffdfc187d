// Behind the status page: its actions, run as the commands are, in the daemon's process and with the same locks and brakes; what was asked for; and
// what is looked up for a page beyond the snapshot. Owns no page and no route.
import { join } from 'node:path';
import { givenTo, whyNot } from '../cycle/given.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { SyncEvent } from '../model/event.ts';
import { visible } from '../plan/escape.ts';
import {
  type Action,
  type ActionName,
  type ActionRequest,
  type Actions,
  actionNames,
  type Desk,
  type FolderStory,
  type GapsFound,
  type Job,
} from '../status/desk.ts';
import { type Past, pastOf } from '../status/past.ts';
import type { Workspace } from '../workspace.ts';
import type { Engine } from './engine.ts';
import type { CommandStreams, HandedCommand } from './handover.ts';
import { resting } from './resting.ts';
import type { TrafficCounter } from './traffic.ts';
import type { Voice } from './voice.ts';

/** What only the commands know: the daemon is handed it. */
export interface PageWork {
  /** `sync --only-failed`, of these paths only or of all. */
  retry(targets: readonly string[], paths: readonly string[]): HandedCommand;
  /** `todo done|created|retry|approve ID`. */
  decide(target: string, decision: { readonly action: string; readonly id: string; readonly remoteId: string | null }): HandedCommand;
  /** `gaps`, masked, of the last days. Asks the vendors. */
  gaps(workspace: Workspace, days: number, stop: AbortSignal): Promise<GapsFound>;
}

export interface DeskInput {
  readonly engine: () => Engine;
  readonly work: PageWork;
  /** Runs a command in this process. */
  readonly run: (command: HandedCommand, streams: CommandStreams) => Promise<number>;
  /** Wants a cycle, or the questions asked, there: the names it was wanted at. */
  readonly sync: (targets: readonly string[] | null) => readonly string[];
  readonly verify: (targets: readonly string[] | null) => readonly string[];
  /** Further actions, by name: they stand beside those of the desk. */
  readonly actions?: Actions;
  readonly publish: (event: SyncEvent) => void;
  readonly voice: Voice;
  readonly traffic: TrafficCounter;
  /** Aborted when the daemon stops. */
  readonly stop: AbortSignal;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
}

const keptJobs = 30;
const toldCharacters = 4_000;
/** What users asked is not kept longer, in milliseconds. */
const gapsMs = 3_600_000;
const historyLines = 50_000;

/** The desk of a running daemon. */
export function createDesk(input: DeskInput): Desk {
  const { engine, monotonic, traffic } = input;
  let jobs: readonly Job[] = [];
  let last = 0;
  let gaps: { readonly found: GapsFound; readonly at: number } | null = null;
  const foundGaps = (found: GapsFound): void => {
    gaps = { found, at: monotonic() };
  };
  const actions: Actions = { ...actionsOf(input, foundGaps), ...input.actions };
  const change = (id: number, patch: Partial<Job>): void => {
    jobs = jobs.map((job) => (job.id === id ? { ...job, ...patch } : job));
  };
  const tell = (request: ActionRequest, message: string): void => {
    const { workspace } = engine();
    const at = new Date(workspace.now()).toISOString();
    const names = request.targets ?? workspace.config.targets.map(({ name }) => name);
    for (const target of names) input.publish({ kind: 'note', target, at, message });
  };
  const past = resting((key: string) => pastAt(engine().workspace, key), monotonic);
  const stories = resting((document: string) => folderStoryOf(engine(), document, input.stop), monotonic);
  return {
    now: monotonic,
    offered: actionNames.filter((name) => actions[name] !== undefined),
    jobs: () => jobs,
    begin(name, request) {
      const action = actions[name];
      if (action === undefined) throw new SyncError('USAGE', { message: `this daemon cannot ${name}` });
      engine().workspace.targets(request.targets);
      const what = visible(whatOf(name, request));
      // Pressed twice: asked for once.
      const same = jobs.find((job) => job.state === 'running' && job.what === what);
      if (same !== undefined) return { job: same.id, wait: Promise.resolve() };
      last += 1;
      const id = last;
      const at = new Date(engine().workspace.now()).toISOString();
      jobs = [{ id, name, what, at, state: 'running' as const, told: '' }, ...jobs].slice(0, keptJobs);
      input.voice.talk(`status page: ${what}`);
      const end = (state: 'done' | 'failed', told: string): void => {
        change(id, { state, told: told.slice(0, toldCharacters) });
        if (!input.stop.aborted) tell(request, `${what}: ${state}`);
      };
      const wait = carryOut(action, request).then(
        (told) => (typeof told === 'string' ? end('done', told) : end('failed', told.failed)),
        (thrown: unknown) => end('failed', failureWords(thrown)),
      );
      return { job: id, wait };
    },
    folderStory: (document) => stories(document),
    past: (days, document) => past(JSON.stringify([days, document])),
    traffic: () => traffic.read(),
    gaps: () => (gaps !== null && monotonic() - gaps.at < gapsMs ? gaps.found : null),
  };
}

/** What throws at once is told as what fails later. */
async function carryOut(action: Action, request: ActionRequest): ReturnType<Action> {
  return action(request);
}

function failureWords(thrown: unknown): string {
  const { code, message, vendor, next } = asSyncError(thrown);
  return `${code}: ${message}${vendor === null ? '' : ` (the vendor says: ${vendor})`}\nNext: ${next}`;
}

const words: Readonly<Record<ActionName, string>> = {
  sync: 'sync',
  verify: 'ask the tests',
  'retry-failed': 'retry what failed',
  'todo-done': 'done',
  'todo-created': 'it is there',
  'todo-retry': 'it is not there, retry',
  'todo-approve': 'approve',
  gaps: 'look for gaps',
  pause: 'pause',
  resume: 'resume',
};

function whatOf(name: ActionName, { targets, fields }: ActionRequest): string {
  const subject = fields['id'] ?? fields['path'] ?? '';
  return `${words[name]}${subject === '' ? '' : ` ${subject.slice(0, 200)}`}${targets === null ? '' : ` at ${targets.join(', ')}`}`;
}

function actionsOf(input: DeskInput, found: (gaps: GapsFound) => void): Actions {
  const { engine, work } = input;
  const accepted = (names: readonly string[], verb: string): string =>
    names.length === 0 ? `nobody ${verb}: paused` : `${names.join(', ')}: ${verb} as soon as nothing else is running there`;
  const decide =
    (action: string): Action =>
    ({ targets, fields }) => {
      const [target] = targets ?? [];
      const { id = '', remote = '' } = fields;
      if (target === undefined || id === '') throw new SyncError('USAGE', { message: 'which one? target and id are missing' });
      return runTold(input, work.decide(target, { action, id, remoteId: remote.trim() === '' ? null : remote.trim() }));
    };
  return {
    sync: ({ targets }) => Promise.resolve(accepted(input.sync(targets), 'syncs')),
    verify: ({ targets }) => Promise.resolve(accepted(input.verify(targets), 'is asked')),
    'retry-failed': ({ targets, fields }) => {
      const { root } = engine().workspace.config.content;
      const path = fields['path'] ?? '';
      return runTold(input, work.retry(targets ?? [], path === '' ? [] : [join(root, path)]));
    },
    'todo-done': decide('done'),
    'todo-created': decide('created'),
    'todo-retry': decide('retry'),
    'todo-approve': decide('approve'),
    async gaps({ fields }) {
      const days = fields['days'] === '1' ? 1 : fields['days'] === '30' ? 30 : 7;
      const gaps = await work.gaps(engine().workspace, days, input.stop);
      found(gaps);
      return `${gaps.groups} ${gaps.groups === 1 ? 'gap' : 'gaps'}: see the page Gaps`;
    },
  };
}

/** Runs a command to its end; resolves to what it said. */
async function runTold({ run }: DeskInput, command: HandedCommand): ReturnType<Action> {
  let told = '';
  const hear = (text: string): void => {
    if (told.length < toldCharacters) told += text;
  };
  const exitCode = await run(command, { stdout: hear, stderr: hear, stop: new AbortController().signal });
  return exitCode === 0 ? told.trim() : { failed: `${told.trim()}\nexit ${exitCode}` };
}

/** The key is days and document: a page that is read again each second reads the file no oftener than it can. */
async function pastAt({ history, now }: Workspace, key: string): Promise<Past> {
  const [days, document] = JSON.parse(key) as [number, string | null];
  const [from, to] = [new Date(now() - days * 86_400_000).toISOString(), new Date(now()).toISOString()];
  const { entries } = history.read({ limit: historyLines, since: from });
  return pastOf(entries, { from, to }, document === null ? null : new Set([document]));
}

/** What the folder says of a document, and each bot's reason to get it or not. */
async function folderStoryOf({ folder, workspace, targets }: Engine, id: string, stop: AbortSignal): Promise<FolderStory> {
  const latest = folder.latest();
  const document = latest?.scan.documents.find((candidate) => candidate.id === id) ?? null;
  const path = document?.path ?? null;
  const given: FolderStory['given'][number][] = [];
  for (const target of targets) {
    if (latest === null) break;
    try {
      const found = await workspace.readOnly(target, { stop, kill: stop }, true, (context) => givenTo(context, latest, id, path));
      given.push({ target: target.name, why: whyNot(found), wanted: found.kind === 'payload' ? found.payload.fingerprint : null });
    } catch (thrown) {
      given.push({ target: target.name, why: asSyncError(thrown).message, wanted: null });
    }
  }
  const lies = path ?? id;
  return {
    title: document?.title ?? null,
    kind: document?.kind ?? null,
    path,
    inFolder: document !== null,
    commit: path === null ? null : (latest?.commitOf(path) ?? null),
    problems: (latest?.scan.problems ?? []).filter((problem) => problem.path === lies),
    tests: document?.tests.map(({ ask }) => ask) ?? [],
    others: (latest?.scan.documents ?? []).flatMap((other) => (other.path === lies && other.id !== id ? [other.id] : [])).slice(0, 200),
    given,
  };
}
