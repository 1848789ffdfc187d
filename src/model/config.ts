// The configuration as the stages see it: complete, defaults filled in, durations in milliseconds, paths absolute.
import type { Json, JsonRecord } from './json.ts';
import type { Webhook } from './notice.ts';
import type { Format } from './payload.ts';

export interface Config {
  /** Absolute path of the file it came from. */
  readonly file: string;
  /** The workspace: part of every mark. */
  readonly name: string;
  readonly content: ContentConfig;
  readonly rules: readonly Rule[];
  readonly stateDir: string;
  /** Where the state lies between runs. Left out or null: in the folder alone. */
  readonly stateGit?: StateGitConfig | null;
  readonly targets: readonly TargetConfig[];
  readonly schedule: ScheduleConfig;
  readonly watch: { readonly settleMs: number; readonly maxWaitMs: number; readonly polling: 'auto' | boolean };
  readonly safety: SafetyConfig;
  readonly verify: {
    readonly retries: number;
    readonly minPass: number;
    readonly maxCallsPerDay: number;
    readonly files: readonly string[];
  };
  /** The freshness check: when it is given up. */
  readonly canary: { readonly timeoutMs: number };
  readonly daemon: DaemonConfig;
  readonly notify: readonly Webhook[];
}

export interface ContentConfig {
  /** With `git`: where what is checked out is seen. A read is given the folder of one commit instead. */
  readonly root: string;
  /** Where the folder is fetched from. Left out or null: from nowhere, it is the user's own. */
  readonly git?: GitConfig | null;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly gitignore: boolean;
  readonly site: SiteConfig | null;
  /** What `{{ name }}` in a document stands for; an undefined one is an error of the document. */
  readonly variables: { readonly [name: string]: string };
  /** Declared partials folders (relative to the root) that are included, never documents of their own. */
  readonly partials: readonly string[];
  /** How severe each finding of lint is. */
  readonly lint: { readonly [rule: string]: 'error' | 'warning' | 'off' };
  readonly frontMatter: { readonly key: string; readonly map: { readonly [ours: string]: string } };
  readonly defaults: { readonly audience: string | null };
}

/** A repository that kbsync keeps a clone of. */
export interface GitConfig {
  /** As git is given it: nothing in it is a secret, and no option. */
  readonly url: string;
  /** What git may speak, as GIT_ALLOW_PROTOCOL has it. */
  readonly protocols: 'https:ssh' | 'http' | 'file';
  /** Null: the default branch. */
  readonly branch: string | null;
  /** 0: only when asked. */
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** Null: all of the history. */
  readonly depth: number | null;
  /** '' for the whole repository; forward slashes. */
  readonly subdir: string;
  /** content.root, relative to that. */
  readonly root: string;
  /** Absolute; kbsync's own. */
  readonly dir: string;
  readonly token: string | null;
  /** Variables of the token that are not set. */
  readonly missing: readonly string[];
  readonly username: string;
}

/** A branch that holds the state between runs. */
export interface StateGitConfig {
  readonly branch: string;
  /** A remote of the repository around `folder`, or an address without a secret in it. */
  readonly remote: { readonly name: string } | { readonly url: string };
  /** Absolute: of the configuration file. */
  readonly folder: string;
  readonly token: string | null;
  /** Variables of the token that are not set. */
  readonly missing: readonly string[];
  readonly username: string;
  /** Of one fetch or push. */
  readonly timeoutMs: number;
}

export type Generator = 'plain' | 'docusaurus' | 'vitepress' | 'mkdocs' | 'hugo' | 'astro';

/** How a page is addressed: `guide/`, `guide.html` or `guide`. */
export type PageForm = 'folder' | 'html' | 'bare';

export interface SiteConfig {
  readonly url: string;
  readonly generator: Generator;
  /** Left out or null: as the generator does by itself. */
  readonly pages?: PageForm | null;
}

/** Sets keys for the paths it matches; weaker than a sidecar, which is weaker than front matter. Later rules win over earlier ones. */
export interface Rule {
  readonly match: string;
  readonly set: JsonRecord;
}

export interface ScheduleConfig {
  readonly timezone: string;
  readonly rescan: string | null;
  readonly training: string | null;
  readonly drift: string | null;
  readonly verify: string | null;
  readonly canary: string | null;
}

export interface SafetyConfig {
  /** share: 0…1 of the target's documents. */
  readonly maxDelete: { readonly share: number; readonly count: number; readonly floor: number };
  readonly maxUpdate: { readonly share: number; readonly floor: number };
}

export interface DaemonConfig {
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly shutdownTimeoutMs: number;
  readonly metricsOpen: boolean;
}

/** One bot. Null where the vendor's own default applies, which only the connector knows. */
export interface TargetConfig {
  readonly name: string;
  readonly vendor: string;
  readonly sandbox: boolean;
  readonly baseUrl: string | null;
  /** The fence: null where the target states none. */
  readonly audience: readonly string[] | null;
  readonly include: readonly string[];
  /** null: the first that the vendor takes. */
  readonly format: Format | null;
  readonly maxDocumentBytes: number | null;
  /** How a large document becomes parts: at headings where it is over the limit, one part a section, or never. */
  readonly split: 'heading' | 'size' | 'none';
  readonly rate: { readonly perMinute: number | null; readonly perHour: number | null; readonly concurrency: number | null };
  readonly poll: { readonly firstMs: number | null; readonly maxMs: number | null };
  readonly settleMs: number | null;
  readonly minIntervalMs: number | null;
  readonly trainTimeoutMs: number;
  readonly onUpdate: string;
  readonly onUnconfirmed: 'default' | 'ask' | 'retry' | 'assume-created';
  readonly required: boolean;
  readonly after: string | null;
  readonly paused: boolean;
  /** Whether it holds the document of the freshness check; never without schedule.canary. */
  readonly canary: boolean;
  readonly paths: { readonly [name: string]: string };
  /** The vendor's own keys, secrets filled in, not yet parsed by the connector. */
  readonly options: { readonly [key: string]: Json };
  /** Names of variables that this target needs and that are not set: an error only for commands that contact it. */
  readonly missing: readonly string[];
  /** Line of the target in the file, from 1. */
  readonly line: number;
}
