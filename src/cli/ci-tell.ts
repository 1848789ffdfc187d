// Where a step's results go: the comment, the job summary, marks at lines, files and variables for later steps and jobs.
import { randomUUID } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Annotation, githubCommands } from '../ci/annotations.ts';
import { githubForge, gitlabForge } from '../ci/forges.ts';
import { codeQuality, githubOutputs, gitlabVariables, type Outputs } from '../ci/handover.ts';
import { type Block, bounded, commentBound, summaryBound } from '../ci/markdown.ts';
import type { Scene } from '../ci/scene.ts';
import { type Commented, comment, markOf } from '../ci/sticky.ts';
import { visible } from '../plan/escape.ts';
import { createWire } from '../transport/http.ts';
import { type Step, slashed } from './ci-step.ts';

/** Null: there is nothing to comment on, or no comment is wanted. */
export async function commentOn({ settings, scene, invocation }: Step, page: readonly Block[], tells: boolean): Promise<Commented | null> {
  const { change } = scene;
  if (change === null || !settings.comment) return null;
  if (settings.token === null) return { outcome: 'refused', status: null, why: 'there is no token' };
  const { version, env, secrets, cwd } = invocation;
  const wire = createWire({ version, redact: (text) => secrets.redact(text), now: Date.now, environment: env });
  const forge = (settings.system === 'github' ? githubForge : gitlabForge)(change, settings.token);
  const config = scene.top === null ? '' : slashed(path.relative(scene.top, path.resolve(cwd, settings.config ?? 'sync.config.yaml')));
  const mark = markOf([config, settings.command, ...[...settings.targets].sort()], scene.run);
  const where = settings.system === 'github' ? 'the job summary has them' : 'report.txt among the artifacts of the job has them';
  const sender = {
    send: (request: Parameters<typeof wire.sendOnce>[0]) => wire.sendOnce(request, { origin: change.api.origin, signal: invocation.stop }),
    wait: (ms: number) => pause(ms, invocation.stop),
    now: Date.now,
  };
  try {
    return await comment(forge, sender, mark, { text: secrets.redact(bounded(page, commentBound, where)), tells });
  } finally {
    wire.close();
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

/** Where the comment is; '' where nobody says. */
export function urlOf(commented: Commented | null): string {
  return commented !== null && 'url' in commented ? (commented.url ?? '') : '';
}

export interface Results {
  readonly page: readonly Block[];
  readonly annotations: readonly Annotation[];
  readonly outputs: Outputs;
}

/** Marks, summary and outputs at GitHub; files among the artifacts at GitLab. */
export async function handOver({ scene, folder, invocation }: Step, { page, annotations, outputs }: Results): Promise<void> {
  const { env, output, secrets } = invocation;
  const text = secrets.redact(bounded(page, summaryBound, 'the log of the job has more'));
  if (scene.system === 'gitlab') {
    await writeFile(path.join(folder, 'report.txt'), text);
    await writeFile(path.join(folder, 'gl-code-quality-report.json'), secrets.redact(codeQuality(annotations)));
    await writeFile(path.join(folder, 'kbsync.env'), gitlabVariables(outputs));
    return;
  }
  for (const line of githubCommands(annotations)) output.data(line);
  if (env['GITHUB_STEP_SUMMARY']) await appendFile(env['GITHUB_STEP_SUMMARY'], text);
  if (env['GITHUB_OUTPUT']) await appendFile(env['GITHUB_OUTPUT'], githubOutputs(outputs, `kbsync-${randomUUID()}`));
}

/** What became of the comment; that there is none is no failure. */
export function toldOf(commented: Commented | null, { settings, scene }: Step): readonly string[] {
  if (commented === null) return [];
  const isGithub = settings.system === 'github';
  const told = (words: string) => [isGithub ? `::notice title=kbsync::${visible(words).replace(/%/g, '%25')}` : visible(words)];
  switch (commented.outcome) {
    case 'created':
    case 'updated':
      return [`comment ${commented.outcome}${commented.url === null ? '' : `: ${visible(commented.url)}`}`];
    case 'unneeded':
      return ['nothing to tell, and no comment to update'];
    case 'newer':
      return told('a later run has written the comment already: left as it is');
    case 'refused': {
      const why = [commented.status, commented.why].filter((part) => part !== null && part !== '').join(': ');
      return told(`no comment (${why}). ${wayToComment(scene, isGithub, settings.token !== null)}`);
    }
    default:
      return commented satisfies never;
  }
}

function wayToComment({ change }: Scene, isGithub: boolean, hasToken: boolean): string {
  if (!isGithub)
    return 'Set the variable KBSYNC_GITLAB_TOKEN to a project access token with the scope api; the report is among the artifacts';
  if (change?.stranger != null) return `Here the token may only read (${change.stranger}); the job summary has it all`;
  if (!hasToken)
    return 'Give the step GITHUB_TOKEN, and the job "permissions: { contents: read, pull-requests: write }"; the job summary has it all';
  return 'The job needs "permissions: { contents: read, pull-requests: write }"; the job summary has it all';
}
