// Which process serves the sandbox: files `server.<number>.json`, of which the highest counts. A number is taken by an exclusive link, once
// ever, so that of two processes that find a dead owner exactly one takes over, and a slow one can never push out a live successor.
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './folder.ts';

export interface Claim {
  readonly version: 1;
  /** Of this one server: what its ping answers. */
  readonly id: string;
  readonly pid: number;
  /** When the process began to serve, ISO. */
  readonly startedAt: string;
  readonly port: number;
  /** Opens the admin paths; the file is readable by its owner only. */
  readonly token: string;
  /** false: closed in good order, anybody may take over. */
  readonly open: boolean;
}

export interface NumberedClaim {
  readonly number: number;
  /** Null: the file cannot be read as a claim (half written where links are not supported, or damaged). */
  readonly claim: Claim | null;
}

/** The claim that counts now, or null where there never was one. */
export function latestClaim(dir: string): NumberedClaim | null {
  const number = Math.max(0, ...numbersIn(dir));
  return number === 0 ? null : { number, claim: readClaim(fileOf(dir, number)) };
}

/** Takes this number for the claim; false where another process has taken it, or a higher one, in the meantime. */
export function takeClaim(dir: string, number: number, claim: Claim): boolean {
  makeFolder(dir);
  if (!writeOnce(fileOf(dir, number), claim)) return false;
  const numbers = numbersIn(dir);
  if (Math.max(...numbers) > number) {
    remove(fileOf(dir, number));
    return false;
  }
  for (const lower of numbers) if (lower < number) remove(fileOf(dir, lower));
  return true;
}

/** Marks a claim of one's own as closed; nothing where another process has taken over already. */
export function closeClaim(dir: string, number: number, claim: Claim): void {
  const file = fileOf(dir, number);
  if (readClaim(file)?.id !== claim.id) return;
  const draft = draftOf(file, claim);
  writeFileSync(draft, textOf({ ...claim, token: '', open: false }), { mode: 0o600 });
  renameSync(draft, file);
}

/** Whether this very claim still counts. One small read. */
export function stillOpen(dir: string, { number, claim }: NumberedClaim): boolean {
  const now = readClaim(fileOf(dir, number));
  return now?.open === true && now.id === claim?.id;
}

function numbersIn(dir: string): number[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).flatMap((name) => {
    const digits = /^server\.(\d{1,9})\.json$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

/** Puts the whole file there in one step, only if there is none. */
function writeOnce(file: string, claim: Claim): boolean {
  const draft = draftOf(file, claim);
  writeFileSync(draft, textOf(claim), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    return writeWithoutLink(file, claim);
  } finally {
    remove(draft);
  }
}

/** For file systems that know no links. */
function writeWithoutLink(file: string, claim: Claim): boolean {
  try {
    writeFileSync(file, textOf(claim), { mode: 0o600, flag: 'wx' });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

function readClaim(file: string): Claim | null {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof found !== 'object' || found === null) return null;
    const claim = found as Partial<Claim>;
    const whole =
      claim.version === 1 &&
      typeof claim.id === 'string' &&
      Number.isInteger(claim.pid) &&
      Number.isInteger(claim.port) &&
      typeof claim.token === 'string';
    return whole ? (found as Claim) : null;
  } catch {
    return null;
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
}

function fileOf(dir: string, number: number): string {
  return join(dir, `server.${number}.json`);
}

function draftOf(file: string, claim: Claim): string {
  return `${file}.${claim.id}.new`;
}

function textOf(claim: Claim): string {
  return `${JSON.stringify(claim, null, 2)}\n`;
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException | null)?.code;
}
