// Questions in a terminal, one line each; the answer to a hidden one is not shown. Ctrl-C and the end of input end everything.
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { SyncError } from '../model/error.ts';

export interface Asking {
  /** The answer, trimmed; '' for a bare Enter. Throws ABORTED on Ctrl-C. */
  ask(question: string): Promise<string>;
  /** The same, without showing what is typed. */
  askHidden(question: string): Promise<string>;
  say(text: string): void;
  close(): void;
}

export interface TerminalStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: { write(text: string): unknown };
  readonly stop: AbortSignal;
}

/** Opens the terminal; to be closed. */
export function openAsking({ input, output, stop }: TerminalStreams): Asking {
  const shown = { hidden: false };
  const screen = new Writable({
    write(chunk, _encoding, done) {
      if (!shown.hidden) output.write(String(chunk));
      done();
    },
  });
  const lines = createInterface({ input, output: screen, terminal: true, historySize: 0 });
  let isClosed = false;
  lines.once('close', () => {
    isClosed = true;
  });
  lines.on('SIGINT', () => lines.close());
  const end = () => lines.close();
  stop.addEventListener('abort', end, { once: true });

  const answer = (prompt: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const stopped = () => reject(new SyncError('ABORTED', { message: 'stopped: nothing was written', next: 'run kbsync init again' }));
      if (isClosed || stop.aborted) return stopped();
      lines.once('close', stopped);
      lines.question(prompt, (text) => {
        lines.off('close', stopped);
        resolve(text.trim());
      });
    });
  return {
    ask: answer,
    async askHidden(question) {
      output.write(question);
      shown.hidden = true;
      try {
        return await answer('');
      } finally {
        shown.hidden = false;
        output.write('\n');
      }
    },
    say: (text) => void output.write(`${text}\n`),
    close() {
      stop.removeEventListener('abort', end);
      lines.close();
    },
  };
}
