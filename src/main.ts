#!/usr/bin/env node
// Arguments → command → exit code. Owns the options of every command, the signals and the last word on errors; commands load when they are called.
import { fileURLToPath } from 'node:url';
import { Argument, Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander';
import { treeOf } from './cli/command-tree.ts';
import { helpAfter, helpOfAll } from './cli/examples.ts';
import { explain } from './cli/failure.ts';
import {
  countOption,
  dateOption,
  durationOption,
  type GlobalOptions,
  type Invocation,
  packageVersion,
  type Since,
  shareOption,
  sinceOption,
} from './cli/invocation.ts';
import { takeLastWord } from './cli/last-word.ts';
import { logOptionsOf, openLog, type ProcessLog } from './cli/log-options.ts';
import { logRun } from './cli/log-run.ts';
import { Output } from './cli/output.ts';
import { asSyncError, SyncError } from './model/error.ts';
import { type Log, logLevels } from './model/log.ts';

type Run = (invocation: Invocation) => Promise<number>;

const version = packageVersion();
const lastWord = takeLastWord();
let exitCode = 0;

const program = new Command('kbsync')
  .description('Keeps AI chatbots in step with a folder of documents, and truthfully says which revision of each document each bot knows.')
  .version(version, '-V, --version', 'print the version')
  .option('--config <file>', 'the configuration (default: sync.config.yaml in the working directory)')
  .addOption(new Option('--target <name>', 'only this target (repeatable)').argParser(gather).default([] as string[], 'all'))
  .option('--json', 'one JSON object on stdout')
  .option('--quiet', 'no talk on stderr')
  .option('--verbose', 'every request and every document')
  .option('--no-color', 'no colour (NO_COLOR and CI are honoured too)')
  .addOption(new Option('--log-level <level>', 'how much is logged (default: info)').choices([...logLevels]))
  .addOption(
    new Option('--log-format <format>', 'lines for people or for programs (default: auto, text in a terminal, else json)').choices([
      'auto',
      'text',
      'json',
    ]),
  )
  .option('--log-file <file>', 'log to the end of this file instead of stderr')
  .helpOption('-h, --help', 'print this help')
  // An empty list is no default worth telling.
  .configureHelp({
    optionDescription: (option) => new Help().optionDescription(option).replace(' (default: [])', ''),
  })
  .addHelpText('after', helpOfAll)
  .showHelpAfterError('(kbsync --help prints the usage)')
  .exitOverride()
  // Somebody may try to hand over a key as an option that does not exist: logs are no place for it.
  .configureOutput({ outputError: (text, write) => write(withoutValues(text)) });

command('init', 'makes a configuration for this folder: asks at most five things or takes options, and overwrites nothing')
  .option('--yes', 'ask nothing: take what is found and what the options say')
  .option('--sandbox', 'an emulated bot on this machine, which needs no account')
  .option('--vendor <vendor>', 'whose bot it is')
  .option('--root <folder>', 'the folder of documents (default: the one that is found)')
  .option('--name <name>', "the workspace's name (default: that of the package or the folder)")
  .option(
    '--audience <audience>',
    'who may know what the bot knows (repeatable; the first is that of documents that state none)',
    gather,
    [],
  )
  .option('--set <key=value>', "a key of the vendor's that is no secret, such as chatbotId=… (repeatable)", gather, [])
  .option('--url <address>', 'where the pages are published (default: as the site generator says)')
  .addOption(new Option('--ci <system>', 'write a workflow, too').choices(['auto', 'github', 'gitlab', 'none']))
  .addOption(
    new Option('--state <place>', 'where jobs keep the state (default with a workflow: git; cache for a sandbox)').choices([
      'git',
      'cache',
    ]),
  )
  .option('--no-check', 'do not try the key at the vendor')
  .action((options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { init } = await import('./cli/init.ts');
      const words = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
      const ci = options['ci'];
      const request = {
        yes: options['yes'] === true,
        sandbox: options['sandbox'] === true,
        vendor: text(options['vendor']),
        root: text(options['root']),
        name: text(options['name']),
        audience: words(options['audience']),
        set: words(options['set']),
        url: text(options['url']),
        ci: ci === 'auto' || ci === 'github' || ci === 'gitlab' || ci === 'none' ? ci : null,
        state: options['state'] === 'git' || options['state'] === 'cache' ? options['state'] : null,
        check: options['check'] !== false,
      } as const;
      const isAsked = process.stdin.isTTY && process.stderr.isTTY && !underCi();
      return init(invocation, request, isAsked ? { input: process.stdin, output: process.stderr } : null);
    }),
  );

command('doctor', 'what is wrong, and what to do about it: configuration, folders, network, keys, locks; changes nothing')
  .option('--offline', 'ask no vendor, and look up no address')
  .option('--bundle <file>', 'write what a helper needs to know into this file: no secrets, no texts')
  .option('--with-words', "with --bundle: vendors' own words and questions too, which may quote documents")
  .action((options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { doctor } = await import('./cli/doctor.ts');
      return doctor(invocation, {
        offline: options['offline'] === true,
        bundle: text(options['bundle']),
        withWords: options['withWords'] === true,
      });
    }),
  );

command('plan', 'what a sync would do at each bot, and why; reads only')
  .option('--out <file>', 'write a sealed plan for sync --plan')
  .addOption(new Option('--format <format>', 'text or markdown').choices(['text', 'markdown']).default('text'))
  .option('--detailed-exitcode', 'exit 3 if there are changes')
  .option('--offline', 'ask no vendor: compare the folder with the state alone')
  .option('--no-fetch', 'with content.git: take what was fetched before')
  .option('--diff', 'show what changes in the text that each bot reads')
  .addOption(new Option('--at <date>', 'plan as if it were that day or moment').argParser(date('--at')))
  .action((options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { plan } = await import('./cli/plan.ts');
      return plan(invocation, {
        out: text(options['out']),
        format: options['format'] === 'markdown' ? 'markdown' : 'text',
        detailedExitCode: options['detailedExitcode'] === true,
        offline: options['offline'] === true,
        diff: options['diff'] === true,
        atMs: number(options['at']),
        fetch: options['fetch'] !== false,
      });
    }),
  );

command('sync', 'plan, push, train, and wait until every bot has learnt it')
  .argument('[path...]', 'only these files or folders')
  .addOption(
    new Option('--wait <time>', "wait at most this long for training (default: each target's trainTimeout)").argParser(duration('--wait')),
  )
  .option('--no-wait', 'push, ask for training, and leave the waiting to a later run')
  .option('--plan <file>', 'approve the deletes of a sealed plan, and no others')
  .option('--exact', 'with --plan: refuse if anything at all differs from it')
  .option('--only-failed', 'only documents that failed before')
  .addOption(new Option('--limit <n>', 'at most n operations a target').argParser(count('--limit')))
  .addOption(new Option('--allow-deletes <n>', 'let up to n deletes a target pass the brake').argParser(count('--allow-deletes')))
  .addOption(new Option('--allow-updates <n>', 'let up to n updates a target pass the brake').argParser(count('--allow-updates')))
  .option('--initial', 'add to a bot that holds other content, or that cannot be listed')
  .option('--train-only', 'push nothing: go on with training that is under way')
  .option('--verify', 'then ask the golden questions of what changed, and those that did not pass before')
  .option('--notify', 'tell the webhooks of notify what is wrong and what is over (the daemon always does)')
  .option('--no-fetch', 'with content.git: take what was fetched before')
  .addOption(
    new Option('--lock-wait <time>', 'wait this long for another run (default 0; 30m under CI)').argParser(duration('--lock-wait')),
  )
  .action((paths: string[], options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { handOver } = await import('./cli/hand-over.ts');
      const { sync } = await import('./cli/sync.ts');
      const request = {
        paths,
        waitMs: options['wait'] === false ? 0 : number(options['wait']),
        planFile: text(options['plan']),
        exact: options['exact'] === true,
        onlyFailed: options['onlyFailed'] === true,
        limit: number(options['limit']),
        allowDeletes: number(options['allowDeletes']),
        allowUpdates: number(options['allowUpdates']),
        initial: options['initial'] === true,
        trainOnly: options['trainOnly'] === true,
        lockWaitMs: number(options['lockWait']),
        verify: options['verify'] === true,
        notify: options['notify'] === true,
        fetch: options['fetch'] !== false,
      };
      return (await handOver(invocation, 'sync', request)) ?? sync(invocation, request);
    }),
  );

command('verify', 'asks every bot its golden questions and judges the answers; each question costs a message')
  .argument('[document...]', 'only these documents, files or folders')
  .option('--changed', 'only what changed since it was asked, was never asked, or did not pass')
  .option('--unlearned', 'only what was deleted or corrected, and must not come out any more')
  .addOption(new Option('--tag <tag>', 'only tests that have it (repeatable)').argParser(gather).default([] as string[], 'all'))
  .addOption(new Option('--max-calls <n>', 'at most n questions a bot, whatever is left of the day').argParser(count('--max-calls')))
  .option('--all', "ask all, beyond the day's budget too")
  .option('--junit <file>', 'write the results as JUnit')
  .option('--baseline <file>', 'compare with the answers in this file')
  .option('--record <file>', 'write the answers to this file, for --baseline')
  .addOption(new Option('--format <format>', 'text or markdown').choices(['text', 'markdown']).default('text'))
  .addOption(
    new Option('--lock-wait <time>', 'wait this long for another verify (default 0; 30m under CI)').argParser(duration('--lock-wait')),
  )
  .action((names: string[], options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { handOver } = await import('./cli/hand-over.ts');
      const { verify } = await import('./cli/verify.ts');
      const request = {
        names,
        format: options['format'] === 'markdown' ? 'markdown' : 'text',
        junit: text(options['junit']),
        baseline: text(options['baseline']),
        record: text(options['record']),
        tags: Array.isArray(options['tag']) ? options['tag'].map(String) : [],
        changed: options['changed'] === true,
        unlearned: options['unlearned'] === true,
        all: options['all'] === true,
        maxCalls: number(options['maxCalls']),
        lockWaitMs: number(options['lockWait']),
      } as const;
      return (await handOver(invocation, 'verify', request)) ?? verify(invocation, request);
    }),
  );

command('status', 'which revision of each document each bot knows, from local state; instant')
  .option('--documents', 'one line a document')
  .option('--live', 'ask the vendors how training goes, first')
  .option(
    '--fail-if <condition>',
    'exit 3 if it holds: pending, failed, todo, unconfirmed or stale=2h (repeatable)',
    gather,
    [] as string[],
  )
  .action((options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { status } = await import('./cli/status.ts');
      return status(invocation, {
        documents: options['documents'] === true,
        live: options['live'] === true,
        failIf: Array.isArray(options['failIf']) ? options['failIf'].map(String) : [],
      });
    }),
  );

command('lint', 'what is wrong with the documents: secrets, hidden text, duplicates, broken links')
  .argument('[path...]', 'only these files or folders')
  .addOption(
    new Option('--format <format>', 'text, sarif (for code scanning) or github (annotations of a workflow)')
      .choices(['text', 'sarif', 'github'])
      .default('text'),
  )
  .addOption(
    new Option('--fail-on <severity>', 'exit 4 if there are errors, or also for warnings').choices(['error', 'warning']).default('error'),
  )
  .action((paths: string[], options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { lint } = await import('./cli/lint.ts');
      const format = options['format'] === 'sarif' || options['format'] === 'github' ? options['format'] : 'text';
      return lint(invocation, { paths, format, failOn: options['failOn'] === 'warning' ? 'warning' : 'error' });
    }),
  );

command('ask', 'one question to a bot: its answer, and the documents it rests on')
  .argument('[target]', 'the bot to ask (with --all: left out)')
  .argument('[question]', 'the question')
  .option('--all', 'ask every bot')
  .action((target: string | undefined, question: string | undefined, options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { ask } = await import('./cli/ask.ts');
      return ask(invocation, { target: target ?? null, question: question ?? null, all: options['all'] === true });
    }),
  );

command('watch', 'the daemon: sync, then keep watching, with the cron jobs and the status page')
  .argument('[action]', 'pause or resume: leaves the named targets alone until they are resumed')
  .argument('[target...]', 'for pause and resume: which')
  .option('--initial', 'add to bots that hold other content, or that cannot be listed')
  .action((action: string | undefined, targets: string[], options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      if (action !== undefined) {
        const { handOver } = await import('./cli/hand-over.ts');
        const { pause, pauseRequest } = await import('./cli/pause.ts');
        const request = pauseRequest(action, targets);
        return (await handOver(invocation, 'watch', request)) ?? pause(invocation, request);
      }
      const { watch } = await import('./cli/watch.ts');
      return watch(invocation, { initial: options['initial'] === true });
    }),
  );

command('todo', 'one inbox: work for a person, writes whose outcome is not known, held runs')
  .argument('[action]', 'done, created, retry or approve')
  .argument('[id...]', "T3, U1, H2 …, as many as you like; for created, each may be followed by the item's id at the vendor")
  .addOption(
    new Option('--format <format>', 'the list as text, or as the Markdown of an issue').choices(['text', 'github-issue']).default('text'),
  )
  .action((action: string | undefined, words: string[], options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { handOver } = await import('./cli/hand-over.ts');
      const { todo } = await import('./cli/todo.ts');
      const format = options['format'] === 'github-issue' ? 'github-issue' : 'text';
      const request = { format, action: action ?? null, words } as const;
      return (await handOver(invocation, 'todo', request)) ?? todo(invocation, request);
    }),
  );

command('adopt', 'match what a bot already holds to local files and record it as theirs; sends nothing')
  .argument('<target>', 'the bot')
  .option('--export <dir>', "first save the texts that are not kbsync's in this folder")
  .option('--dry-run', 'show what would be matched; record nothing')
  .addOption(
    new Option('--lock-wait <time>', 'wait this long for another run (default 0; 30m under CI)').argParser(duration('--lock-wait')),
  )
  .action((target: string, options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { adopt, onlyAt } = await import('./cli/adopt.ts');
      const request = {
        target,
        exportTo: text(options['export']),
        dryRun: options['dryRun'] === true,
        lockWaitMs: number(options['lockWait']),
      };
      const there = onlyAt(invocation, target);
      // A rehearsal needs neither the lock nor the daemon.
      if (request.dryRun) return adopt(there, request);
      const { handOver } = await import('./cli/hand-over.ts');
      return (await handOver(there, 'adopt', request)) ?? adopt(there, request);
    }),
  );

command('show', "one document's whole story in every bot")
  .argument('<document>', "a document's id or path, or an item's id at a vendor")
  .option('--as <target>', 'print exactly what that bot is given')
  .action((document: string, options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { show } = await import('./cli/show.ts');
      return show(invocation, { document, as: text(options['as']) });
    }),
  );

command('drift', 'compares with what the vendors hold: missing, foreign, twin, changed; reads only')
  .addOption(
    new Option('--texts <share>', 'compare all texts, none, or a share such as 5% that goes on where the last one ended')
      .argParser(share)
      .default(1, 'all'),
  )
  .option('--repair', 'put right what was found, by a sync of exactly those documents')
  .option('--prune', 'list what is left over or out of scope and proven to be ours; with --yes, remove it')
  .option('--yes', 'with --prune: remove what the list shows')
  .addOption(
    new Option('--allow-updates <n>', 'with --repair: let up to n missing or changed documents pass the brakes').argParser(
      count('--allow-updates'),
    ),
  )
  .addOption(new Option('--allow-deletes <n>', 'let up to n deletes a target pass the brake').argParser(count('--allow-deletes')))
  .option('--allow-foreign', 'items that are not ours are told, but do not count for the exit code')
  .addOption(
    new Option('--lock-wait <time>', 'wait this long for another run (default 0; 30m under CI)').argParser(duration('--lock-wait')),
  )
  .action((options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { handOver } = await import('./cli/hand-over.ts');
      const { drift } = await import('./cli/drift.ts');
      const request = {
        share: number(options['texts']) ?? 1,
        repair: options['repair'] === true,
        prune: options['prune'] === true,
        yes: options['yes'] === true,
        allowUpdates: number(options['allowUpdates']),
        allowDeletes: number(options['allowDeletes']),
        allowForeign: options['allowForeign'] === true,
        lockWaitMs: number(options['lockWait']),
      };
      return (await handOver(invocation, 'drift', request)) ?? drift(invocation, request);
    }),
  );

command('retract', 'takes a document out of every bot now, keeps it out, and proves by questions that it is forgotten')
  .argument('<document>', "a document's id or path, or an item's id at a vendor")
  .option('--undo', 'keep it out no longer, and bring it back')
  .option('--no-ask', 'prove nothing by questions, which cost a message each')
  .addOption(
    new Option('--wait <time>', "wait at most this long for training (default: each target's trainTimeout)").argParser(duration('--wait')),
  )
  .option('--no-wait', 'delete, ask for training, and leave waiting and proof to a later run')
  .addOption(
    new Option('--lock-wait <time>', 'wait this long for another run (default 0; 30m under CI)').argParser(duration('--lock-wait')),
  )
  .action((document: string, options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { handOver } = await import('./cli/hand-over.ts');
      const { retract } = await import('./cli/retract.ts');
      const request = {
        document,
        undo: options['undo'] === true,
        ask: options['ask'] !== false,
        waitMs: options['wait'] === false ? 0 : number(options['wait']),
        lockWaitMs: number(options['lockWait']),
      };
      return (await handOver(invocation, 'retract', request)) ?? retract(invocation, request);
    }),
  );

command('history', 'what the runs did, newest last; with a document: what was done with it')
  .argument('[document]', "a document's id or path")
  .addOption(new Option('--limit <n>', 'at most n of them').argParser(count('--limit')).default(20))
  .addOption(new Option('--since <when>', 'a duration such as 2d, or a date').argParser(since('--since')))
  .action((document: string | undefined, options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { history } = await import('./cli/history.ts');
      const asked = options['since'] as Since | undefined;
      return history(invocation, { document: document ?? null, limit: number(options['limit']) ?? 20, since: asked ?? null });
    }),
  );

command('gaps', 'what users asked in vain, grouped, with the nearest document of each')
  .addOption(new Option('--since <when>', 'a duration such as 30d, or a date (default: 7d)').argParser(since('--since')))
  .addOption(new Option('--limit <n>', 'at most n groups').argParser(count('--limit')).default(20))
  .addOption(new Option('--most <n>', 'read at most n exchanges a bot').argParser(count('--most')).default(20_000))
  .addOption(new Option('--format <format>', 'text or markdown').choices(['text', 'markdown']).default('text'))
  .option('--unknown <words>', 'further words by which a bot says that it does not know (repeatable)', gather, [] as string[])
  .option('--as-tests [file]', 'draft golden questions from them, in a new file or on stdout')
  .option('--unmasked', 'show personal data as users wrote it')
  .action((options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { gaps } = await import('./cli/gaps.ts');
      return gaps(invocation, {
        since: (options['since'] as Since | undefined) ?? null,
        limit: number(options['limit']) ?? 20,
        most: number(options['most']) ?? 20_000,
        format: options['format'] === 'markdown' ? 'markdown' : 'text',
        unknown: Array.isArray(options['unknown']) ? options['unknown'].map(String) : [],
        asTests: options['asTests'] === true ? true : text(options['asTests']),
        unmasked: options['unmasked'] === true,
      });
    }),
  );

command('unlock', "who holds a target's lock, since when; releases one whose process is gone").action((_options: unknown, self: Command) =>
  run(self, async (invocation) => {
    const { unlock } = await import('./cli/unlock.ts');
    return unlock(invocation);
  }),
);

command('state', "what kbsync remembers of a bot: hands it to the target's new name, or accepts it as you edited it")
  .argument('<action>', 'rename or accept')
  .argument('<target>', 'rename: the name that it had; accept: its name')
  .argument('[new]', 'rename: the name that it has in the configuration now')
  .action((action: string, from: string, to: string | undefined, _options: unknown, self: Command) =>
    run(self, async (invocation) => {
      const { state } = await import('./cli/state.ts');
      return state(invocation, { action, from, to: to ?? null });
    }),
  );

command('notify', 'sends a test to the webhooks of notify, or to those that are named')
  .argument('<action>', 'test')
  .argument('[webhook...]', 'only these, by name')
  .action((action: string, names: string[], _options: unknown, self: Command) =>
    run(self, async (invocation) => {
      const { notify } = await import('./cli/notify.ts');
      return notify(invocation, { action, names });
    }),
  );

command('ci', 'a step of a pipeline: runs a command, and tells the pull request what comes of it')
  .argument('<system>', 'github or gitlab')
  .option('--command <command>', 'plan, sync, verify, status, lint or drift (default: plan)')
  .option('--offline', 'plan without asking any vendor (by itself where a fork has no secrets)')
  .option('--wait <time>', 'sync: wait at most this long for training')
  .option('--no-wait', 'sync: leave the waiting to a later run')
  .option('--plan <file>', 'sync: approve the deletes of a sealed plan, and no others')
  .option('--verify', 'then ask the golden questions, after a sync those of what changed')
  .option('--baseline <file>', 'then ask them all, and say what changed since the answers in this file')
  .option('--no-comment', 'write no comment on the pull request')
  .option('--fail-on <when>', 'error, held, changes or never: what a plan fails by (default: error)')
  .action((system: string, options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { ci } = await import('./cli/ci.ts');
      const request = {
        system,
        command: text(options['command']),
        wait: options['wait'] === false ? (false as const) : text(options['wait']),
        verify: options['verify'] === true,
        baseline: text(options['baseline']),
        planFile: text(options['plan']),
        offline: options['offline'] === true,
        comment: options['comment'] !== false,
        failOn: text(options['failOn']),
      };
      return ci(invocation, request, fileURLToPath(import.meta.url));
    }),
  );

command('sandbox', 'the emulators as a server of their own')
  .addOption(new Option('--port <n>', 'port on loopback').argParser(count('--port')).default(8421))
  .action((options: Record<string, unknown>, self: Command) =>
    run(self, async (invocation) => {
      const { sandbox } = await import('./cli/sandbox.ts');
      return sandbox(invocation, { port: number(options['port']) ?? 8421 });
    }),
  );

command('schema', "the configuration's JSON Schema").action((_options: unknown, self: Command) =>
  run(self, async (invocation) => {
    const { schema } = await import('./cli/schema.ts');
    return schema(invocation);
  }),
);

command('completion', 'prints a script that completes commands, options and target names in a shell')
  .addArgument(new Argument('<shell>', 'which').choices(['bash', 'zsh', 'fish']))
  .action((shell: string, _options: unknown, self: Command) =>
    run(self, async (invocation) => {
      const { completion } = await import('./cli/completion.ts');
      return completion(invocation, shell);
    }),
  );

function command(name: string, description: string): Command {
  const made = program.command(name).description(description).exitOverride().helpOption('-h, --help', 'print this help');
  return made.addHelpText('after', helpAfter(name));
}

/** Sets the stage for one command: streams, signals, and what a thrown error becomes. */
async function run(self: Command, work: Run): Promise<void> {
  const given = self.optsWithGlobals<Record<string, unknown>>();
  const options: GlobalOptions = {
    config: text(given['config']),
    targets: Array.isArray(given['target']) ? given['target'].map(String) : [],
    json: given['json'] === true,
    quiet: given['quiet'] === true,
    verbose: given['verbose'] === true,
  };
  const plainTerminal = process.env['NO_COLOR'] !== undefined || underCi() || given['color'] === false;
  const outputWith = (log: { readonly log: Log; readonly here: boolean } | null): Output =>
    new Output({
      stdout: process.stdout,
      stderr: process.stderr,
      json: options.json,
      quiet: options.quiet,
      colour: !plainTerminal && process.stdout.isTTY && process.stderr.isTTY,
      secrets: lastWord.secrets,
      log,
    });
  const command = self.name();
  const daemon = command === 'watch' && self.args.length === 0;
  const scene = { ...options, daemon, cwd: process.cwd(), stderr: process.stderr, secrets: lastWord.secrets };
  let opened: ProcessLog | null;
  try {
    opened = await openLog(logOptionsOf(given), scene);
  } catch (thrown) {
    exitCode = explain(asSyncError(thrown), { output: outputWith(null), options, command });
    return;
  }
  const logged = opened === null ? null : logRun(opened, { command, version });
  const output = outputWith(opened === null || logged === null ? null : { log: logged.log, here: opened.here });
  const { stop, kill, release } = takeSignals(output);
  const invocation: Invocation = {
    command,
    options,
    output,
    cwd: process.cwd(),
    env: process.env,
    version,
    secrets: lastWord.secrets,
    stop,
    kill,
    ...(logged !== null && { log: logged }),
  };
  lastWord.isFor(invocation);
  try {
    exitCode = await work(invocation);
  } catch (thrown) {
    exitCode = explain(asSyncError(thrown), invocation);
  } finally {
    release();
    logged?.ended(exitCode);
    opened?.close();
  }
}

function underCi(): boolean {
  return (process.env['CI'] ?? '') !== '' && process.env['CI'] !== 'false';
}

/** First signal: begin nothing new, and drop what is in flight when its time is over. Second: end at once, which the journal allows. */
function takeSignals(output: Output): { stop: AbortSignal; kill: AbortSignal; release: () => void } {
  const stop = new AbortController();
  const kill = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    output.talk(`${signal === 'SIGINT' ? 'interrupted' : 'asked to stop'}: finishing what is in flight (again: stop at once)`);
    stop.abort();
    timer = setTimeout(() => kill.abort(), underCi() ? 3_000 : 5_000);
    timer.unref();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    stop: stop.signal,
    kill: kill.signal,
    release() {
      clearTimeout(timer);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

function gather(value: string, before: string[]): string[] {
  return [...before, value];
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    throw new InvalidArgumentError(thrown instanceof SyncError ? thrown.message : String(thrown));
  }
}

function duration(name: string): (value: string) => number {
  return (value) => parsed(() => durationOption(name, value));
}

/** A duration back from now, or a moment. */
function since(name: string): (value: string) => Since {
  return (value) => parsed(() => sinceOption(name, value));
}

function count(name: string): (value: string) => number {
  return (value) => parsed(() => countOption(name, value));
}

function share(value: string): number {
  return parsed(() => shareOption('--texts', value));
}

function date(name: string): (value: string) => number {
  return (value) => parsed(() => dateOption(name, value));
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** An option that does not exist, without what was given to it. */
function withoutValues(text: string): string {
  return text.replace(/(unknown option '--?[^'=]*=)[\s\S]*'/, "$1***'");
}

/** A command line that is none: commander has said why on stderr, and --json promises an object all the same. Help and version end here too, with 0. */
function usageExitCode(thrown: CommanderError): number {
  if (thrown.exitCode === 0) return 0;
  const words = process.argv.slice(2);
  if (!words.includes('--json')) return 2;
  const command = words.find((word) => program.commands.some((known) => known.name() === word)) ?? null;
  // Without a command commander prints the help and has no sentence of its own.
  const message = thrown.code === 'commander.help' ? 'no command was given' : withoutValues(thrown.message.replace(/^error: /, ''));
  const answer = { version: 1, command, exitCode: 2, error: new SyncError('USAGE', { message }).record() };
  new Output({ stdout: process.stdout, stderr: process.stderr, json: true, quiet: true, colour: false, secrets: lastWord.secrets }).object({
    ...answer,
    error: { ...answer.error },
  });
  return 2;
}

// A reader that has seen enough (`kbsync plan | head`) ends nothing: what was begun is finished, unheard.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
// What is only said must never end what is done: a disk that is full under the file it goes to, either.
process.stderr.on('error', () => undefined);

try {
  // Asked by the scripts of `completion` at every press of a key, and by what makes docs/commands.md: no command, and in no help.
  const [, , first, ...rest] = process.argv;
  if (first === '__complete') await (await import('./cli/complete.ts')).complete(treeOf(program), rest, process);
  else if (first === '__commands') process.stdout.write(`${JSON.stringify(treeOf(program), null, 2)}\n`);
  else await program.parseAsync();
} catch (thrown) {
  if (!(thrown instanceof CommanderError)) lastWord.say(thrown);
  else exitCode = usageExitCode(thrown);
}
process.exitCode = exitCode;
