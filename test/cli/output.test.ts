// What is printed on a terminal: nothing of a document acts there, in text or in JSON; in a pipe a text is what it is, byte for byte.
import { describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { show } from '../../src/cli/show.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { Json } from '../../src/model/json.ts';
import { home } from '../support/run-program.ts';

/** Opens a command of an 8-bit terminal, turns the text around, leaves a hyphen unseen, hides a letter, breaks a line in JavaScript. */
const nasty = 'a\u009b31mb\u202ec\u00add\u{e0041}e\u2028f\ud800g\n\tend';
const wild = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

function printed(json: boolean, isTTY: boolean, print: (output: Output) => void, secrets = createSecretSet()): string {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text), isTTY };
  print(new Output({ stdout: stream, stderr: stream, json, quiet: false, colour: false, secrets }));
  return written.join('');
}

describe('a text as it is', () => {
  it('on a terminal shows all that it would act on, and keeps its lines', () => {
    const text = printed(false, true, (output) => output.verbatim(nasty));
    expect(text).toBe('a\\u009b31mb\\u202ec\\u00add\\u{e0041}e\\u2028f\\ud800g\n\tend\n');
  });

  it('in a pipe is what it is', () => {
    expect(printed(false, false, (output) => output.verbatim(nasty))).toBe(nasty);
  });
});

describe('show --as', () => {
  it('prints what a bot is given so that a terminal shows it, as text and as JSON', async () => {
    const folder = home(
      'version: 1\nname: t\ncontent: { root: ./docs }\ntargets:\n  - { name: site, vendor: sitegpt, chatbotId: b, token: "${NOT_SET}" }\n',
    );
    folder.write({ 'docs/a.md': '# A\u202e\n\nOne\u009b31m and \u202etwo.\n' });
    const shown = async (json: boolean, isTTY: boolean) => {
      const out: string[] = [];
      const stdout = { write: (text: string) => out.push(text), isTTY };
      const stderr = { write: () => true };
      const secrets = createSecretSet();
      const output = new Output({ stdout, stderr, json, quiet: true, colour: false, secrets });
      const options = { config: null, targets: [], json, quiet: true, verbose: false };
      const { signal } = new AbortController();
      const exitCode = await show(
        { command: 'show', options, output, cwd: folder.dir, env: {}, version: '0', secrets, stop: signal, kill: signal },
        { document: 'a.md', as: 'site' },
      );
      expect(exitCode).toBe(0);
      return out.join('');
    };
    try {
      expect(await shown(false, true)).toContain('One\\u009b31m and \\u202etwo.\n');
      expect(await shown(false, false)).toContain('One\u009b31m and \u202etwo.\n');
      const json = await shown(true, true);
      expect(json.slice(0, -1)).not.toMatch(wild);
      expect((JSON.parse(json) as { parts: readonly { text: string }[] }).parts[0]?.text).toContain('One\u009b31m and \u202etwo.');
    } finally {
      folder.remove();
    }
  });
});

describe('JSON', () => {
  const value: Json = { parts: [{ text: nasty, [nasty]: 1 }] };

  it.each([true, false])('shows all that it holds, and says the same (terminal: %s)', (isTTY) => {
    const line = printed(true, isTTY, (output) => output.object(value));
    expect(line.endsWith('}\n')).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(wild);
    expect(line).toContain('a\\u009b31mb\\u202ec');
    expect(JSON.parse(line)).toEqual(value);
  });

  it('as a document in lines, too', () => {
    const text = printed(false, true, (output) => output.document(value));
    expect(text.replaceAll('\n', '')).not.toMatch(wild);
    expect(JSON.parse(text)).toEqual(value);
  });

  it('has its secrets taken out', () => {
    const secrets = createSecretSet();
    secrets.add('hush-hush-hush');
    const line = printed(true, true, (output) => output.object({ a: 'hush-hush-hush\u200b' }), secrets);
    expect(line).not.toContain('hush');
    expect(line).toMatch(/^\{"a":"\S+\\u200b"\}\n$/);
  });
});
