// One command of kbsync as a process of its own, as a step of a pipeline runs it: its JSON is kept, its talk goes on line by line.
import { spawn } from 'node:child_process';
import type { Said } from '../ci/results.ts';

export interface ChildScene {
  /** The program's own file. */
  readonly program: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly talk: (line: string) => void;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
}

/** Runs it; the arguments go to no shell. What cannot be read of it is an error of its own. */
export async function runChild(words: readonly string[], { program, cwd, env, talk, stop, kill }: ChildScene): Promise<Said> {
  const [command = ''] = words;
  const child = spawn(process.execPath, [program, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = (): void => {
    child.kill('SIGTERM');
  };
  stop.addEventListener('abort', end, { once: true });
  kill.addEventListener('abort', end, { once: true });
  let stdout = '';
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) talk(line);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (ended) => resolve(ended ?? 130));
  });
  if (rest !== '') talk(rest);
  stop.removeEventListener('abort', end);
  kill.removeEventListener('abort', end);
  return saidIn(stdout, command, code);
}

function saidIn(stdout: string, command: string, exitCode: number): Said {
  try {
    const found: unknown = JSON.parse(stdout);
    if (typeof found === 'object' && found !== null) return { ...(found as Said), command, exitCode };
  } catch {
    // Told below.
  }
  const message = `kbsync ${command} ended with ${exitCode} and without a result`;
  return { command, exitCode, error: { code: 'UNEXPECTED', message, vendor: null, next: 'read the log above' } };
}
