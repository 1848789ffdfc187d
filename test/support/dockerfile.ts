// A Dockerfile: its instructions, and what hadolint's rules that matter here would say of it.

export interface Instruction {
  readonly word: string;
  /** What follows, on one line. */
  readonly rest: string;
  /** Rules that the comment above switches off. */
  readonly ignored: readonly string[];
}

export interface Stage {
  readonly base: string;
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

const words = new Set(
  'ARG CMD COPY ADD ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR MAINTAINER'.split(' '),
);

/** Its stages. Throws, with the line, where it is none. */
export function readDockerfile(text: string): readonly Stage[] {
  const stages: { base: string; name: string | null; instructions: Instruction[] }[] = [];
  let ignored: readonly string[] = [];
  for (const line of text
    .replace(/^#(?! hadolint).*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')) {
    if (line.trim() === '') continue;
    const off = /^# hadolint ignore=([\w,]+)$/.exec(line)?.[1];
    if (off !== undefined) {
      ignored = off.split(',');
      continue;
    }
    const [, word = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (!words.has(word)) throw new Error(`no instruction: ${line}`);
    if (word === 'FROM') {
      const [, base = '', name] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      stages.push({ base, name: name ?? null, instructions: [] });
    } else if (stages.length === 0) throw new Error(`before FROM: ${line}`);
    else stages.at(-1)?.instructions.push({ word, rest, ignored });
    ignored = [];
  }
  return stages;
}

/** Findings as "DL3006 …"; [] where nothing is wrong. */
export function lintDockerfile(stages: readonly Stage[]): readonly string[] {
  const findings: string[] = [];
  for (const [at, { base, instructions }] of stages.entries()) {
    const say = (wrong: boolean, rule: string, what: string, ignored: readonly string[] = []): void => {
      if (wrong && !ignored.includes(rule)) findings.push(`${rule} ${what}`);
    };
    const earlier = stages.slice(0, at).map(({ name }) => name);
    const only = (word: string): readonly Instruction[] => instructions.filter((one) => one.word === word);
    say(!earlier.includes(base) && !/:[^:/]+$/.test(base), 'DL3006', `${base} has no tag`);
    say(/:latest$/.test(base), 'DL3007', `${base} is whatever is newest`);
    for (const { rest, ignored } of only('RUN')) {
      say(/\bcd \S/.test(rest), 'DL3003', 'WORKDIR instead of cd', ignored);
      say(/\bsudo\b/.test(rest), 'DL3004', 'sudo', ignored);
      const installs = /\bapt-get (?:\S+ )*install\b([^&]*)/.exec(rest)?.[1];
      const packages = (installs ?? '').split(/\s+/).filter((name) => /^[a-z0-9]/.test(name));
      say(installs !== undefined && packages.some((name) => !name.includes('=')), 'DL3008', 'packages without versions', ignored);
      say(installs !== undefined && !/rm -rf \/var\/lib\/apt\/lists\/\*/.test(rest), 'DL3009', 'lists of packages stay', ignored);
      say(installs !== undefined && !/ -y\b/.test(installs), 'DL3014', 'apt-get asks', ignored);
      say(installs !== undefined && !installs.includes('--no-install-recommends'), 'DL3015', 'recommended packages', ignored);
      say(/\bapt (?:install|update)\b/.test(rest), 'DL3027', 'apt is for people', ignored);
      say(/\bapt-get (?:dist-)?upgrade\b/.test(rest), 'DL3005', 'upgrade', ignored);
      say(/\|/.test(rest.replaceAll('||', '')), 'DL4006', 'a pipe without pipefail', ignored);
      say(/\bnpm install\b/.test(rest), 'DL3016', 'npm install: versions come from the lock file', ignored);
    }
    for (const { rest } of only('WORKDIR')) say(!rest.startsWith('/'), 'DL3000', `WORKDIR ${rest}`);
    for (const { rest } of only('COPY')) {
      const from = /--from=(\S+)/.exec(rest)?.[1];
      say(from !== undefined && !earlier.includes(from), 'DL3022', `no stage ${from ?? ''}`);
      const paths = rest.split(' ').filter((word) => !word.startsWith('--'));
      say(paths.length > 2 && !(paths.at(-1) ?? '').endsWith('/'), 'DL3021', `${rest}: the last must end in /`);
    }
    for (const { rest, word } of [...only('CMD'), ...only('ENTRYPOINT')]) say(!isJsonList(rest), 'DL3025', `${word} is no JSON list`);
    say(only('ADD').length > 0, 'DL3020', 'COPY instead of ADD');
    say(only('MAINTAINER').length > 0, 'DL4000', 'MAINTAINER');
    for (const [word, rule] of [
      ['CMD', 'DL4003'],
      ['ENTRYPOINT', 'DL4004'],
      ['HEALTHCHECK', 'DL3012'],
    ] as const)
      say(only(word).length > 1, rule, `more than one ${word}`);
    const user = only('USER').at(-1)?.rest ?? 'root';
    say(at === stages.length - 1 && /^(?:root|0)(?::|$)/.test(user), 'DL3002', `it runs as ${user}`);
    for (const { rest } of only('EXPOSE')) say(!/^\d{1,5}$/.test(rest) || Number(rest) > 65_535, 'DL3011', `port ${rest}`);
  }
  return findings;
}

/** The words of a CMD or ENTRYPOINT. */
export function wordsOf(list: string): readonly string[] {
  return isJsonList(list) ? (JSON.parse(list) as readonly string[]) : [];
}

function isJsonList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
