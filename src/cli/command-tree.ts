// The commands as data: what completion, docs/commands.md and the tests of the examples read. Owns no command; main.ts declares them.
import { type Example, examples } from './examples.ts';

export interface OptionFacts {
  /** With its dashes: `--target`. */
  readonly long: string;
  readonly description: string;
  /** What its value is called: `name`; null: it takes none. */
  readonly value: string | null;
  /** Whether the value may be left out. */
  readonly optional: boolean;
  /** The values it takes; empty: any. */
  readonly choices: readonly string[];
  readonly fallback: string | null;
  readonly repeatable: boolean;
}

export interface ArgumentFacts {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly several: boolean;
  readonly choices: readonly string[];
}

export interface CommandFacts {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly ArgumentFacts[];
  readonly options: readonly OptionFacts[];
  readonly examples: readonly Example[];
}

export interface CommandTree {
  readonly description: string;
  /** Options of every command. */
  readonly options: readonly OptionFacts[];
  readonly commands: readonly CommandFacts[];
}

/** What is read of commander's objects: its types stay in main.ts. */
interface Declared {
  name(): string;
  description(): string;
  readonly commands: readonly Declared[];
  readonly options: readonly {
    readonly long?: string | undefined;
    readonly flags: string;
    readonly description: string;
    readonly optional: boolean;
    readonly argChoices?: readonly string[] | undefined;
    readonly defaultValue?: unknown;
    readonly defaultValueDescription?: string | undefined;
  }[];
  readonly registeredArguments: readonly {
    name(): string;
    readonly description: string;
    readonly required: boolean;
    readonly variadic: boolean;
    readonly argChoices?: readonly string[] | undefined;
  }[];
}

const help: OptionFacts = {
  long: '--help',
  description: 'print this help',
  value: null,
  optional: false,
  choices: [],
  fallback: null,
  repeatable: false,
};

/** The tree of a program, in the order of its declaration. */
export function treeOf(program: Declared): CommandTree {
  return {
    description: program.description(),
    options: [...program.options.map(optionOf), help],
    commands: program.commands.map((command) => ({
      name: command.name(),
      description: command.description(),
      arguments: command.registeredArguments.map((one) => ({
        name: one.name(),
        description: one.description,
        required: one.required,
        several: one.variadic,
        choices: one.argChoices ?? [],
      })),
      options: command.options.map(optionOf),
      examples: examples[command.name()] ?? [],
    })),
  };
}

function optionOf(option: Declared['options'][number]): OptionFacts {
  const { flags, description, optional, argChoices = [], defaultValue, defaultValueDescription } = option;
  const isPlain = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  return {
    long: option.long ?? flags,
    description,
    value: /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? null,
    optional,
    choices: argChoices,
    fallback: defaultValueDescription ?? (isPlain ? String(defaultValue) : null),
    // Commander only knows lists of words behind one option; the word stands in each description that means it.
    repeatable: /\brepeatable\b/.test(description),
  };
}
