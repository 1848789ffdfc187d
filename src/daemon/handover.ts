// Commands handed to the running daemon over a local socket: where it is, the protocol, and both ends of it. What a command does is not known here.
// One POST /run; lines of JSON both ways: {"run":{…}} and perhaps {"stop":true} there, {"stderr"}, {"stdout"} and at last {"exitCode"} back.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SyncError } from '../model/error.ts';
import type { JsonRecord } from '../model/json.ts';
import { type Disk, folderIdentity, isPrivate, makePrivate } from '../state/disk.ts';
import { sameToken, tokenOf } from '../status/access.ts';

/** A command as its process was given it. */
export interface HandedCommand {
  readonly command: 'sync' | 'todo' | 'adopt' | 'drift' | 'retract' | 'verify' | 'watch';
  /** The command's parsed arguments. */
  readonly request: JsonRecord;
  readonly options: {
    readonly config: string | null;
    readonly targets: readonly string[];
    readonly json: boolean;
    readonly quiet: boolean;
    readonly verbose: boolean;
  };
  readonly cwd: string;
  readonly colour: boolean;
  /** Width of a terminal that live lines may be drawn on; null: none. */
  readonly columns: number | null;
}

export interface CommandStreams {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Aborted when the person at the other end stops it, or goes away. */
  readonly stop: AbortSignal;
}

/** Runs a handed command to its exit code. */
export type RunCommand = (command: HandedCommand, streams: CommandStreams) => Promise<number>;

export interface HandoverInput {
  readonly disk: Disk;
  readonly stateDir: string;
  readonly version: string;
  readonly now: () => number;
  readonly run: RunCommand;
}

export interface Handover {
  readonly path: string;
  /** Accepts nothing more; commands under way are waited for by whoever runs them. */
  close(): Promise<void>;
}

/** Where the daemon of a state folder listens, and what opens it. Readable by its user only. */
interface Whereabouts {
  readonly version: 1;
  readonly kbsync: string;
  readonly pid: number;
  readonly socket: string;
  readonly token: string;
  readonly startedAt: string;
  /** The folder that it serves: a copy of this file in a copied state folder speaks of the original's. */
  readonly folder: string | null;
}

/** Names that no target can have, so that nothing of a target is met. */
export function daemonFolder(stateDir: string): string {
  return join(stateDir, 'daemon');
}

function whereFile(stateDir: string): string {
  return join(daemonFolder(stateDir), 'daemon.json');
}

/** Socket paths hold 104 bytes at most (108 on Linux), with a zero at the end. */
const longestPath = 100;

function socketPath(stateDir: string): string {
  const unique = randomBytes(8).toString('hex');
  if (process.platform === 'win32') return `\\\\.\\pipe\\kbsync-${unique}`;
  const inState = join(daemonFolder(stateDir), 'daemon.sock');
  // A folder of its own that nobody else can enter: between listening and its rights, a socket has those of the umask.
  return Buffer.byteLength(inState) <= longestPath ? inState : join(mkdtempSync(join(tmpdir(), 'kbsync-')), 'daemon.sock');
}

/** What a socket outside the state folder stood in, where it is ours and empty. */
function removeOwnFolder(socket: string, stateDir: string): void {
  const folder = dirname(socket);
  if (folder === daemonFolder(stateDir) || !/^kbsync-\w{6}$/.test(basename(folder)) || dirname(folder) !== tmpdir()) return;
  try {
    rmdirSync(folder);
  } catch {
    // It is gone already, or not ours.
  }
}

/** Listens for commands. The caller holds the daemon's lock, so a socket that is still there is a dead daemon's. */
export async function openHandover(input: HandoverInput): Promise<Handover> {
  const { disk, stateDir, version } = input;
  await disk.mkdir(stateDir);
  makePrivate(daemonFolder(stateDir));
  const path = socketPath(stateDir);
  const token = randomBytes(24).toString('base64url');
  if (process.platform !== 'win32') await disk.remove(path);
  const server = createServer({ requestTimeout: 0 }, (incoming, reply) => void answer(incoming, reply, input, token));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new SyncError('STATE_UNWRITABLE', { message: `cannot listen on ${path}: ${cause.message}`, cause })),
    );
    server.listen(path, resolve);
  });
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  const startedAt = new Date(input.now()).toISOString();
  const where: Whereabouts = {
    version: 1,
    kbsync: version,
    pid: process.pid,
    socket: path,
    token,
    startedAt,
    folder: folderIdentity(daemonFolder(stateDir)),
  };
  await disk.replace(whereFile(stateDir), `${JSON.stringify(where, null, 2)}\n`);
  return {
    path,
    async close() {
      await disk.remove(whereFile(stateDir)).catch(() => undefined);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      removeOwnFolder(path, stateDir);
    },
  };
}

async function answer(incoming: IncomingMessage, reply: ServerResponse, input: HandoverInput, token: string): Promise<void> {
  if (incoming.method !== 'POST' || incoming.url !== '/run' || !sameToken(tokenOf(incoming.headers.authorization, false), token)) {
    reply.writeHead(403).end();
    return;
  }
  const stop = new AbortController();
  const say = (line: JsonRecord): void => {
    if (!reply.writableEnded && !reply.destroyed) reply.write(`${JSON.stringify(line)}\n`);
  };
  reply.on('close', () => stop.abort());
  let begun = false;
  eachLine(incoming, (line) => {
    if (line['stop'] === true) stop.abort();
    if (line['run'] === undefined || begun) return;
    begun = true;
    reply.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const streams = { stdout: (out: string) => say({ stdout: out }), stderr: (err: string) => say({ stderr: err }), stop: stop.signal };
    input
      .run(line['run'] as unknown as HandedCommand, streams)
      .then(
        (exitCode) => say({ exitCode }),
        (thrown: unknown) => say({ failed: thrown instanceof Error ? thrown.message : String(thrown) }),
      )
      .finally(() => reply.end());
  });
}

/** Each line of JSON as it comes, until the stream ends or breaks off, which is no error: the other end went away. */
function eachLine(stream: IncomingMessage, onLine: (line: JsonRecord) => void, onEnd: () => void = () => {}): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) {
      const line = lineOf(each);
      if (line !== null) onLine(line);
    }
  });
  stream.on('error', () => undefined);
  stream.on('close', onEnd);
}

function lineOf(text: string): JsonRecord | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null ? (found as JsonRecord) : null;
  } catch {
    return null;
  }
}

export interface CallInput {
  readonly disk: Disk;
  readonly stateDir: string;
  readonly version: string;
  readonly command: HandedCommand;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Called once the daemon has taken the command. */
  readonly onTaken: (daemon: { readonly pid: number }) => void;
  /** Aborted: ask it to stop, and wait for its last words. */
  readonly stop: AbortSignal;
  /** Aborted: go, whatever it says. */
  readonly kill: AbortSignal;
}

/** Has the daemon of this state folder run the command; its exit code, or null where there is no daemon of this version to take it. */
export async function callDaemon(input: CallInput): Promise<number | null> {
  const where = whereaboutsOf(input.disk, input.stateDir);
  // What another version understands by the same words is not known: locks keep the two apart.
  if (where === null || where.kbsync !== input.version) return null;
  return new Promise((resolve, reject) => {
    let taken = false;
    let exitCode: number | null = null;
    const headers = { authorization: `Bearer ${where.token}`, 'content-type': 'application/x-ndjson' };
    const call = request({ socketPath: where.socket, method: 'POST', path: '/run', headers, agent: false });
    const onStop = (): void => void call.write('{"stop":true}\n');
    const onKill = (): void => void call.destroy();
    const settle = (lost: string | null): void => {
      input.stop.removeEventListener('abort', onStop);
      input.kill.removeEventListener('abort', onKill);
      if (exitCode !== null) resolve(exitCode);
      else if (!taken) resolve(null);
      else if (input.kill.aborted || input.stop.aborted) resolve(130);
      else
        reject(
          new SyncError('UNEXPECTED', {
            message: `the daemon (process ${where.pid}) went away before the command had ended${lost === null ? '' : `: ${lost}`}`,
            next: 'see its log and kbsync status, then run the command again: nothing is lost',
          }),
        );
    };
    call.on('response', (reply) => {
      if (reply.statusCode !== 200) {
        reply.resume();
        call.destroy();
        return;
      }
      taken = true;
      input.onTaken(where);
      let failed: string | null = null;
      const take = (line: JsonRecord): void => {
        if (typeof line['stdout'] === 'string') input.stdout(line['stdout']);
        if (typeof line['stderr'] === 'string') input.stderr(line['stderr']);
        if (typeof line['exitCode'] === 'number') exitCode = line['exitCode'];
        if (typeof line['failed'] === 'string') failed = line['failed'];
        if (exitCode !== null || failed !== null) call.end();
      };
      eachLine(reply, take, () => settle(failed));
    });
    // Nobody listens there any more, or it went away: 'close' follows.
    call.on('error', () => undefined);
    call.on('close', () => {
      if (!taken) settle(null);
    });
    input.stop.addEventListener('abort', onStop, { once: true });
    input.kill.addEventListener('abort', onKill, { once: true });
    call.write(`${JSON.stringify({ run: input.command })}\n`);
    if (input.stop.aborted) onStop();
  });
}

/** The daemon that left word in a state folder, at work or not; null: none did, or others may write there. For `doctor`. */
export function daemonSeen(disk: Disk, stateDir: string): Pick<Whereabouts, 'kbsync' | 'pid' | 'socket' | 'startedAt'> | null {
  const where = whereaboutsOf(disk, stateDir);
  return where === null ? null : { kbsync: where.kbsync, pid: where.pid, socket: where.socket, startedAt: where.startedAt };
}

function whereaboutsOf(disk: Disk, stateDir: string): Whereabouts | null {
  // Where others may write, they could name a socket of theirs, and answer in the daemon's place.
  if (!isPrivate(daemonFolder(stateDir))) return null;
  const text = disk.read(whereFile(stateDir))?.toString('utf8');
  const found = text === undefined ? null : lineOf(text);
  const whole = found !== null && found['version'] === 1 && typeof found['socket'] === 'string' && typeof found['token'] === 'string';
  if (!whole || found['folder'] !== folderIdentity(daemonFolder(stateDir))) return null;
  return found as unknown as Whereabouts;
}
