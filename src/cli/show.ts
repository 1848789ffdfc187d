// `show`: one document's whole story in every bot, found by its id, its path or an item's id; with --as exactly what one bot is given of it.
// Reads the folder and the memories: no lock, no secret, no vendor.
import type { CycleContext } from '../cycle/context.ts';
import type { Folder } from '../cycle/folder.ts';
import { type Given, givenTo, whyNot } from '../cycle/given.ts';
import type { TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, exitCodeOf, SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import { storyOf } from '../status/story.ts';
import type { Workspace } from '../workspace.ts';
import { strongest } from './exit.ts';
import { type Found, findDocument } from './find-document.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { plain } from './reports.ts';
import { printStory, type TargetStory } from './show-print.ts';

/** `show`, parsed. */
export interface ShowRequest {
  /** A document's id or path, or an item's id or name at a vendor. */
  readonly document: string;
  readonly as: string | null;
}

/**
 * Runs `show`. Resolves to the exit code: 2 where there is no such document, or --as names a bot that does not get it; 1 where a bot's memory cannot
 * be read.
 */
export async function show(invocation: Invocation, request: ShowRequest): Promise<number> {
  const workspace = await workspaceOf(invocation);
  try {
    const folder = await workspace.readFolder();
    await workspace.saveCache();
    const found = await findDocument(request.document, workspace, folder, invocation.cwd);
    if (request.as !== null) return await showAs(found, request.as, { workspace, folder, invocation });
    return await tell(found, { workspace, folder, invocation });
  } finally {
    await workspace.close();
  }
}

interface Scene {
  readonly workspace: Workspace;
  readonly folder: Folder;
  readonly invocation: Invocation;
}

async function tell(found: Found, { workspace, folder, invocation }: Scene): Promise<number> {
  const { output, options, command } = invocation;
  const stories: TargetStory[] = [];
  const failures: { readonly target: TargetConfig; readonly error: SyncError }[] = [];
  for (const target of workspace.targets(options.targets)) {
    try {
      stories.push(await workspace.readOnly(target, invocation, true, (context) => storyAt(context, folder, found)));
    } catch (thrown) {
      // A memory that cannot be read is told, and hides nobody else's.
      const error = asSyncError(thrown);
      if (error.code === 'UNEXPECTED') throw thrown;
      failures.push({ target, error });
    }
  }
  const exitCode = strongest(failures.flatMap(({ target, error }) => (target.required ? [exitCodeOf(error.code)] : [])));
  const { id, document, others } = found;
  const commit = document === null ? null : folder.commitOf(document.path);
  output.answer(
    () =>
      plain({
        version: 1,
        command,
        exitCode,
        document: id,
        path: found.path,
        title: document?.title ?? null,
        kind: document?.kind ?? null,
        inFolder: document !== null,
        commit,
        others,
        tests: document?.tests.map((test) => test.ask) ?? [],
        targets: stories.map(({ target, given, story, tests }) => ({
          name: target.name,
          vendor: target.vendor,
          ...wantedRow(given),
          ...story,
          tests,
        })),
        errors: failures.map(({ target, error }) => ({ target: target.name, error: error.record() })),
      }),
    () => printStory(found, commit, stories, invocation),
  );
  for (const { target, error } of failures) {
    output.complain(`${output.style('bad', 'error')} ${target.name}: ${visible(error.message)}`);
    output.complain(`  next: ${visible(error.next)}`);
  }
  return exitCode;
}

async function storyAt(context: CycleContext, folder: Folder, { id, path: where }: Found): Promise<TargetStory> {
  const { target, memory } = context;
  const asked = Object.values(context.tests?.memory().results ?? {}).filter(({ document }) => document === id);
  const tests = asked.map(({ question, verdict, at, tries, reasons, revision }) => ({ question, verdict, at, tries, reasons, revision }));
  return { target, given: await givenTo(context, folder, id, where), story: storyOf(id, memory.state, memory.open), tests };
}

/** What the bot shall have now: its fingerprint, or why there is none. */
function wantedRow(given: Given) {
  return { wanted: given.kind, wantedFingerprint: given.kind === 'payload' ? given.payload.fingerprint : null, why: whyNot(given) };
}

// ── --as ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function showAs({ id, path: where }: Found, as: string, { workspace, folder, invocation }: Scene): Promise<number> {
  const { output, command } = invocation;
  const [target] = workspace.targets([as]);
  if (target === undefined) throw new SyncError('USAGE', { message: `there is no target ${as}` });
  const given = await workspace.readOnly(target, invocation, true, (context) => givenTo(context, folder, id, where));
  if (given.kind !== 'payload') throw notGiven(id, as, given);
  const { fingerprint, parts } = given.payload;
  output.answer(
    () => plain({ version: 1, command, exitCode: 0, document: id, as, fingerprint, parts }),
    () => {
      for (const [index, part] of parts.entries()) {
        const count = parts.length === 1 ? '' : `part ${index + 1} of ${parts.length} (${part.key}), `;
        const attributes = Object.keys(part.attributes).length === 0 ? '' : `, ${JSON.stringify(part.attributes)}`;
        output.talk(output.style('dim', visible(`${count}title: ${part.title}, ${part.bytes} bytes of ${part.format}${attributes}`)));
        output.verbatim(part.text);
      }
    },
  );
  return 0;
}

function notGiven(id: DocumentId, as: string, given: Exclude<Given, { kind: 'payload' }>): SyncError {
  const message = `${as} is given nothing of ${id}: ${whyNot(given) ?? ''}`;
  if (given.kind === 'failed' && exitCodeOf(given.error.code) !== 1)
    return new SyncError(given.error.code, { message, next: given.error.next });
  const next =
    given.kind === 'kept'
      ? 'nothing, if that is as it shall be; else change the front matter, a rule or the target'
      : 'mend the file, or name another document';
  return new SyncError('USAGE', { message, next });
}
