// The system's git, run by argument vector with an environment of its own making: what it may speak, what it must not run, how long it may take.
// Owns no repository, and decides nothing by what git says.
import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

export interface GitRun {
  readonly program?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Aborted: git is stopped. */
  readonly signal?: AbortSignal | undefined;
  /** What it reads from stdin; left out: nothing. */
  readonly input?: string | Uint8Array | undefined;
  /** More than this is no answer. Default: 64 MiB. */
  readonly mostBytes?: number | undefined;
  /** It has been started, as this process. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

export interface GitResult {
  /** Null where it was stopped, or could not be started. */
  readonly status: number | null;
  readonly stdout: string;
  /** The same, byte for byte. */
  readonly bytes: Buffer;
  readonly stderr: string;
  readonly ended: 'by itself' | 'timeout' | 'aborted' | 'missing' | 'unstartable' | 'too much output';
}

/** More is no answer of a git that works. Bytes. */
const mostOutput = 64 * 1024 * 1024;
const mostErrors = 64 * 1024;
/** After a polite word. Milliseconds. */
const graceMs = 2_000;

/** Runs git and waits for it, within the time. Never throws. */
export function runGit({
  program = 'git',
  args,
  env,
  timeoutMs,
  signal,
  input,
  mostBytes = mostOutput,
  onStart,
}: GitRun): Promise<GitResult> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let outBytes = 0;
    let errBytes = 0;
    let ended: GitResult['ended'] = 'by itself';
    // A session of its own: no terminal to ask at, and its helpers (ssh, remote-https) can be stopped with it.
    const child = spawn(program, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    // One that ends before it has read everything says why by itself.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const stop = (why: GitResult['ended']): void => {
      if (ended !== 'by itself') return;
      ended = why;
      killGroup(child.pid, 'SIGTERM');
      grace = setTimeout(() => killGroup(child.pid, 'SIGKILL'), graceMs);
    };
    let grace: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => stop('timeout'), timeoutMs);
    const onAbort = (): void => stop('aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    child.stdout.on('data', (chunk: Buffer) => {
      outBytes += chunk.length;
      if (outBytes > mostBytes) stop('too much output');
      else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (errBytes < mostErrors) err.push(chunk);
      errBytes += chunk.length;
    });
    const finish = (status: number | null): void => {
      clearTimeout(timer);
      clearTimeout(grace);
      signal?.removeEventListener('abort', onAbort);
      const bytes = Buffer.concat(out);
      // What it started may have outlived it.
      if (ended !== 'by itself') killGroup(child.pid, 'SIGKILL');
      resolve({
        status: ended === 'by itself' ? status : null,
        bytes,
        get stdout() {
          return bytes.toString('utf8');
        },
        // A line that is cut off might be half of a secret, which nobody would recognise.
        stderr: wholeLines(Buffer.concat(err), errBytes),
        ended,
      });
    };
    child.once('spawn', () => {
      if (child.pid !== undefined) onStart?.(child.pid);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      ended = error.code === 'ENOENT' ? 'missing' : 'unstartable';
      finish(null);
    });
    // A helper that holds the pipes open must not be waited for: its git has ended.
    child.once('exit', (status) => {
      const late = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, graceMs);
      child.once('close', () => {
        clearTimeout(late);
        finish(status);
      });
    });
  });
}

function wholeLines(bytes: Buffer, told: number): string {
  const text = bytes.toString('utf8');
  return told <= bytes.length ? text : text.slice(0, text.lastIndexOf('\n') + 1);
}

/** The whole group of a process that was started as the leader of one; gone is well. */
export function killGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // It has ended.
  }
}

export interface GitEnvironment {
  /** Of this process. */
  readonly env: Environment;
  /** GIT_ALLOW_PROTOCOL. */
  readonly protocols: string;
  /** Whether a text is a key of somebody else's, which git need not know. */
  readonly isSecret: (value: string) => boolean;
  /** An Authorization header for https. */
  readonly header?: string | null;
  /** For this address and those below it: over what the repository has for a shorter one. Left out: for all. */
  readonly headerFor?: string;
  /** Default: as git has it, without questions. */
  readonly ssh?: string | null;
}

/** What of git's own variables a person sets to say how to connect (the last two are what Jenkins' GIT_ASKPASS reads); all others could point it at another repository, or print what it sends. */
const kept =
  /^GIT_(?:SSH|SSH_VARIANT|SSL_\w+|ASKPASS|PROXY_SSL_\w+|HTTP_USER_AGENT|CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_NOSYSTEM|EXEC_PATH|USERNAME|PASSWORD)$/;

/** The environment of a git that must not ask, run hooks, or speak anything but these protocols. The token goes here, never on a command line. */
export function gitEnvironment({ env, protocols, isSecret, header, headerFor, ssh }: GitEnvironment): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || (name.startsWith('GIT_') && !kept.test(name)) || isSecret(value)) continue;
    result[name] = value;
  }
  const given = givenConfig(env);
  const headerKey = headerFor === undefined ? 'http.extraHeader' : `http.${headerFor}.extraHeader`;
  const settings: (readonly [string, string])[] = [
    ...given,
    ['core.hooksPath', process.platform === 'win32' ? 'NUL' : '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['core.quotePath', 'false'],
    ['core.protectHFS', 'true'],
    ['core.protectNTFS', 'true'],
    ['core.autocrlf', 'false'],
    // What a backup or a copy touches is no change.
    ['core.trustctime', 'false'],
    ['core.checkStat', 'minimal'],
    ['fetch.recurseSubmodules', 'false'],
    ['submodule.recurse', 'false'],
    ['fetch.writeCommitGraph', 'false'],
    // In the foreground: nothing of git goes on when its time is over.
    ['gc.autoDetach', 'false'],
    ['maintenance.autoDetach', 'false'],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '60'],
    ...(header == null
      ? []
      : ([
          [headerKey, ''],
          [headerKey, header],
          // git would send the header wherever it is led.
          ['http.followRedirects', 'false'],
        ] as const)),
  ];
  for (const [index, [key, value]] of settings.entries()) {
    result[`GIT_CONFIG_KEY_${index}`] = key;
    result[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return {
    ...result,
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_ALLOW_PROTOCOL: protocols,
    GIT_TERMINAL_PROMPT: '0',
    GCM_INTERACTIVE: 'never',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ADVICE: '0',
    SSH_ASKPASS_REQUIRE: 'never',
    ...(ssh == null ? {} : { GIT_SSH_COMMAND: ssh }),
    // What it says is read.
    LC_ALL: 'C',
    LANGUAGE: '',
  };
}

/** Configuration that a person gives git by variables: a credential helper, say. */
function givenConfig(env: Environment): readonly (readonly [string, string])[] {
  const count = Number(env['GIT_CONFIG_COUNT'] ?? '0');
  if (!Number.isInteger(count) || count <= 0 || count > 1_000) return [];
  const found: (readonly [string, string])[] = [];
  for (let index = 0; index < count; index += 1) {
    const [key, value] = [env[`GIT_CONFIG_KEY_${index}`], env[`GIT_CONFIG_VALUE_${index}`]];
    if (key !== undefined && value !== undefined) found.push([key, value]);
  }
  return found;
}

/** How ssh is called, so that it does not ask either; null: as git does by itself. `place`: options of git that lead to a repository. */
export async function sshCommandOf({
  env,
  base,
  place = [],
  program,
}: {
  readonly env: Environment;
  readonly base: GitEnvironment;
  readonly place?: readonly string[];
  readonly program?: string | undefined;
}): Promise<string | null> {
  const given = env['GIT_SSH_COMMAND'];
  if (given === undefined && env['GIT_SSH'] !== undefined) return null;
  const configured =
    given ??
    (
      await runGit({
        ...(program !== undefined && { program }),
        args: [...place, 'config', '--get', 'core.sshCommand'],
        env: gitEnvironment(base),
        timeoutMs: 10_000,
      })
    ).stdout.trim();
  return `${configured === '' ? 'ssh' : configured} -o BatchMode=yes -o ConnectTimeout=30`;
}

/** `Authorization: Basic …`. */
export function basicHeader(username: string, token: string): string {
  return `Authorization: Basic ${Buffer.from(`${username}:${token}`, 'utf8').toString('base64')}`;
}

/** What git said of its failure, in a line: its fatal and error lines where it has any. */
export function gitWords(
  { stderr, ended }: Pick<GitResult, 'stderr' | 'ended'>,
  timeoutMs: number,
  redact: (text: string) => string,
): string {
  if (ended === 'timeout') return `git did not end within ${timeoutMs / 1_000} s and was stopped`;
  if (ended === 'missing') return 'git is not installed';
  if (ended !== 'by itself') return ended === 'aborted' ? 'stopped' : `git could not be run: ${ended}`;
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) =>
      line
        .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
        .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '');
  const telling = lines.filter((line) => /^(?:fatal|error|remote|ssh|Host key|Permission|.*denied)/.test(line));
  const words = redact((telling.length > 0 ? telling : lines).slice(-4).join('; '));
  return words === '' ? 'git failed without a word' : words.slice(0, 600);
}
