// Where everything printed goes through: stdout is data, stderr is talk; secrets are redacted and control characters made visible on both.
import { styleText } from 'node:util';
import type { SecretSet } from '../config/secrets.ts';
import type { Json } from '../model/json.ts';
import type { Log, LogFields, LogLevel } from '../model/log.ts';
import { visible, visibleJson, visibleLines } from '../plan/escape.ts';

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Style = 'good' | 'bad' | 'warn' | 'dim' | 'strong';

const styles = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const;

export interface OutputInput {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly colour: boolean;
  /** Taken out of everything printed; it may grow at any time. */
  readonly secrets: Pick<SecretSet, 'redact' | 'redactValue'>;
  /** Where talk and failures are logged besides; `here`: on stderr, instead of them. Left out: nowhere. */
  readonly log?: { readonly log: Log; readonly here: boolean } | null;
}

/** The two streams of one invocation. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  private readonly input: OutputInput;
  private live = 0;

  constructor(input: OutputInput) {
    this.input = input;
    this.json = input.json;
    this.quiet = input.quiet;
  }

  private redact(text: string): string {
    return this.input.secrets.redact(text);
  }

  /** Colour where the terminal takes it; the text itself is escaped by whoever prints it. */
  style(style: Style, text: string): string {
    return this.input.colour ? styleText(styles[style], text, { validateStream: false }) : text;
  }

  /** Data for people: lines on stdout, unless the answer is JSON. */
  data(text: string): void {
    if (this.json) return;
    this.clearLive();
    this.input.stdout.write(`${this.redact(text)}\n`);
  }

  /** A text byte for byte; only on a terminal, what it would act on is made visible. Secrets are taken out all the same. */
  verbatim(text: string): void {
    if (this.json) return;
    this.clearLive();
    this.input.stdout.write(this.redact(this.input.stdout.isTTY === true ? `${visibleLines(text)}\n` : text));
  }

  /** The one JSON object of a command. */
  object(value: Json): void {
    this.clearLive();
    this.input.stdout.write(`${visibleJson(JSON.stringify(this.input.secrets.redactValue(value)))}\n`);
  }

  /** JSON that is the data itself, in lines for people. */
  document(value: Json): void {
    this.data(visibleJson(JSON.stringify(value, null, 2)));
  }

  /** The command's answer: one object under --json, else what `print` writes. */
  answer(object: () => Json, print: () => void): void {
    if (this.json) this.object(object());
    else print();
  }

  /** Something for the reader beside the data: on stderr, silenced by --quiet. `about`: fields of its line in the log. */
  talk(text: string, about?: LogFields): void {
    this.log('info', text, about);
    if (!this.quiet) this.say(text);
  }

  /** Talk that the log has in words of its own: no part of it. */
  mutter(text: string): void {
    if (!this.quiet) this.say(text);
  }

  /** A failure: on stderr, never silenced. */
  complain(text: string, about?: LogFields): void {
    this.log('error', text, about);
    this.say(text);
  }

  /** A failure in several lines for people, and one line of the log. */
  complainOf(lines: readonly string[], message: string, about: LogFields): void {
    this.input.log?.log.line('error', 'failed', message, about);
    for (const line of lines) this.say(line);
  }

  private log(level: LogLevel, text: string, about: LogFields = {}): void {
    this.input.log?.log.line(level, 'say', text, about);
  }

  private say(text: string): void {
    if (this.logsHere) return;
    this.clearLive();
    this.input.stderr.write(`${this.redact(text)}\n`);
  }

  /** The log has stderr to itself: what is said is one of its lines. */
  get logsHere(): boolean {
    return this.input.log?.here === true;
  }

  get isLive(): boolean {
    return this.input.stderr.isTTY === true && !this.quiet && this.input.colour && !this.logsHere;
  }

  /** The live lines at the bottom of a terminal, replaced by the next ones; nothing without a terminal. */
  showLive(lines: readonly string[]): void {
    if (!this.isLive) return;
    const width = Math.max(20, (this.input.stderr.columns ?? 80) - 1);
    this.clearLive();
    for (const line of lines) this.input.stderr.write(`${this.redact(visible(line)).slice(0, width)}\n`);
    this.live = lines.length;
  }

  clearLive(): void {
    if (this.live > 0) this.input.stderr.write(`\u001b[${this.live}A\u001b[0J`);
    this.live = 0;
  }
}
