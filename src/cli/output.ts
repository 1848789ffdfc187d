// Where everything printed goes through: stdout is data, stderr is talk; secrets are redacted and control characters made visible on both.
import { styleText } from 'node:util';
import type { SecretSet } from '../config/secrets.ts';
import type { Json } from '../model/json.ts';
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

  /** Something for the reader beside the data: on stderr, silenced by --quiet. */
  talk(text: string): void {
    if (this.quiet) return;
    this.say(text);
  }

  /** A failure: on stderr, never silenced. */
  complain(text: string): void {
    this.say(text);
  }

  private say(text: string): void {
    this.clearLive();
    this.input.stderr.write(`${this.redact(text)}\n`);
  }

  get isLive(): boolean {
    return this.input.stderr.isTTY === true && !this.quiet && this.input.colour;
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
