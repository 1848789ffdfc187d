// Each promise, how it is kept, the test that keeps it, and the change to the source that this test must notice. One textual change (or a few that
// belong together) in a copy of the tree; the test must be green before it and red after it.

export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

export interface Mutation {
  /** The invariant's number in the document, or the rule of the journal that is broken. */
  readonly promise: string;
  /** For people: what is spoilt. */
  readonly what: string;
  readonly edits: readonly Edit[];
  readonly test: string;
  /** A pattern for the names of the tests that are run. */
  readonly only: string;
}

const one = (file: string, find: string, put: string): readonly Edit[] => [{ file, find, put }];

const crashes = { test: 'test/crash.test.ts', only: 'memory: (findable, (ids|bulk)|without update).*(single|first push|day)' };
const begin = `    await memory.append([{ kind: 'begin', effects: batch.sendables.map((sendable) => sendable.effect) }]);\n`;

/** What has been the undoing of other journals, each rule of docs/architecture.md broken in turn. */
const sabotages: readonly Mutation[] = [
  {
    promise: '2, journal',
    what: 'an append is not synced (the disk in memory)',
    edits: one(
      'src/testkit/faults.ts',
      `        set(inode, Buffer.concat([inode.data, Buffer.from(data)]), path);\n        sync(inode, path);`,
      `        set(inode, Buffer.concat([inode.data, Buffer.from(data)]), path);`,
    ),
    ...crashes,
  },
  {
    promise: '2, journal',
    what: 'an append is not synced (the real disk)',
    edits: one('src/state/disk.ts', `        await file.datasync();\n`, ''),
    test: 'test/state/disk.test.ts',
    only: 'synced by the system',
  },
  {
    promise: '2, journal',
    what: 'the begin is written after the call',
    edits: [
      { file: 'src/push/apply.ts', find: begin, put: '' },
      {
        file: 'src/push/apply.ts',
        find: `    const entries: EntryBody[] = [];\n    for (const [index, sendable] of batch`,
        put: `${begin}    const entries: EntryBody[] = [];\n    for (const [index, sendable] of batch`,
      },
    ],
    ...crashes,
  },
  {
    promise: '2, journal',
    what: 'the begin is written after the call, at every connector',
    edits: [
      { file: 'src/push/apply.ts', find: begin, put: '' },
      {
        file: 'src/push/apply.ts',
        find: `    const entries: EntryBody[] = [];\n    for (const [index, sendable] of batch`,
        put: `${begin}    const entries: EntryBody[] = [];\n    for (const [index, sendable] of batch`,
      },
    ],
    test: 'test/invariants.test.ts',
    only: ' 2: ',
  },
  {
    promise: '2, journal',
    what: 'the journal is emptied before the state is saved',
    edits: [
      {
        file: 'src/state/store.ts',
        find: `    await low.write();\n    low.data = null;`,
        put: `    await journal.rewrite(next, stillOpen(open, begunAt, draft));\n    await low.write();\n    low.data = null;`,
      },
    ],
    ...crashes,
  },
  {
    promise: '2, journal',
    what: 'the journal is emptied while something is unconfirmed',
    edits: one('src/state/store.ts', `await journal.rewrite(next, stillOpen(open, begunAt, draft));`, `await journal.rewrite(next, []);`),
    test: 'test/crash.test.ts',
    only: 'twins nobody can find.*(single|day)',
  },
  {
    promise: '2, journal',
    what: 'a torn end of the journal is not cut off',
    edits: one(
      'src/state/journal.ts',
      `      if (content.bytes !== null && content.bytes !== content.goodBytes) await disk.truncate(path, content.goodBytes);\n`,
      '',
    ),
    test: 'test/crash.test.ts',
    only: 'memory: findable.*double crashes',
  },
  {
    promise: '2, settle',
    what: 'a create of unknown outcome is repeated blindly',
    edits: one(
      'src/push/look.ts',
      `  if (!canBeAsked(context.target)) return doubtAll(creates, cannotBeAsked(), context);`,
      `  if (!canBeAsked(context.target)) return failAll(creates, context);`,
    ),
    test: 'test/crash.test.ts',
    only: 'twins nobody can find.*(single|day)',
  },
  {
    promise: '2, settle',
    what: 'a create is said again with a new effect id',
    edits: one(
      'src/push/settle.ts',
      `    const item: NewItem = {\n      effect: id,`,
      `    const item: NewItem = {\n      effect: \`\${id}-again\`,`,
    ),
    test: 'test/crash.test.ts',
    only: 'memory: same item again.*(single|day)',
  },
  {
    promise: '2, plan',
    what: 'leftovers are not planned',
    edits: one('src/plan/leftover.ts', `    if (fate !== 'delete') continue;`, `    if (fate === fate) continue;`),
    test: 'test/crash.test.ts',
    only: 'memory: without update.*(single|day)',
  },
];

const invariants = 'test/invariants.test.ts';
const kinds = '(chatthing|sitegpt-v2|koreai, append)';

/** At least one for each invariant, and for what the campaign found and mended. */
export const mutations: readonly Mutation[] = [
  ...sabotages,
  {
    promise: '1',
    what: 'an update counts as done without its fingerprint being remembered',
    edits: one(
      'src/model/fold.ts',
      `    fingerprint: part.fingerprint,\n    training: 'pending',`,
      `    fingerprint: \`\${part.fingerprint}x\`,\n    training: 'pending',`,
    ),
    test: invariants,
    only: `${kinds}.* 1: `,
  },
  {
    promise: '2, late effects',
    what: 'what was looked for once is given up before the vendor’s lag is over',
    edits: one('src/push/look.ts', `    if (waitMs >= lagMs) {`, `    if (waitMs >= 0) {`),
    test: 'test/late.test.ts',
    only: 'found, and no twin',
  },
  {
    promise: '2, state lost',
    what: 'a copy of the whole takes the record of its document from its parts',
    edits: one(
      'src/push/reconcile.ts',
      `    if (now === undefined) documents.push(known);`,
      `    if (now !== null) documents.push(known);`,
    ),
    test: 'test/crash.test.ts',
    only: 'state folder is gone.*(findable, ids|sitegpt-v2)',
  },
  {
    promise: '3',
    what: 'an incomplete scan counts as complete',
    edits: one('src/cycle/plan-target.ts', `      complete: scan.complete,\n`, `      complete: true,\n`),
    test: invariants,
    only: `${kinds}.* 3: an incomplete scan`,
  },
  {
    promise: '3',
    what: 'a listing that breaks off counts as a bot that cannot be listed',
    edits: one('src/push/reconcile.ts', `    if (!isAbsent(thrown)) throw thrown;`, `    if (isAbsent(null)) throw thrown;`),
    test: invariants,
    only: `${kinds}.* 3: an incomplete listing`,
  },
  {
    promise: '4',
    what: 'what the include leaves out counts as gone',
    edits: one('src/cycle/plan-target.ts', `      inScope: wanted.inScope,\n`, `      inScope: () => true,\n`),
    test: invariants,
    only: `${kinds}.* 4: `,
  },
  {
    promise: '5',
    what: 'moves are not paired',
    edits: one(
      'src/plan/move.ts',
      `    pairs: [...articles.pairs, ...questions.pairs],\n    gone: [...articles.gone.values(), ...questions.gone.values()],\n    fresh: [...articles.fresh.values(), ...questions.fresh.values()],`,
      `    pairs: [],\n    gone,\n    fresh,`,
    ),
    test: invariants,
    only: `${kinds}.* 5: `,
  },
  {
    promise: '6',
    what: 'the old copy may go before the new one is learnt',
    edits: one(
      'src/push/effects.ts',
      `? 'once-trained' : 'by-hand';\n  return { action: 'create'`,
      `? 'now' : 'by-hand';\n  return { action: 'create'`,
    ),
    test: invariants,
    only: '(replycx-full|koreai, append).* 6: ',
  },
  {
    promise: '6',
    what: 'parts that a document no longer has go as soon as the new ones are accepted',
    edits: one(
      'src/push/effects.ts',
      `  if (learning && facts.capabilities.has('status') && facts.traits.training === 'automatic') {`,
      `  if (!learning && facts.capabilities.has('status') && facts.traits.training === 'automatic') {`,
    ),
    test: invariants,
    only: `${kinds}.* 6: `,
  },
  {
    promise: '7',
    what: 'which bytes were refused is not remembered',
    edits: one(
      'src/model/fold.ts',
      `    refused: refused ? effect.fingerprint : (before?.refused ?? null),`,
      `    refused: before?.refused ?? null,`,
    ),
    test: invariants,
    only: `${kinds}.* 7: `,
  },
  {
    promise: '8',
    what: 'whatever lies in the bot counts as ours',
    edits: [
      {
        file: 'src/push/reconcile.ts',
        find: `      const stem = entry.mark === null ? null : stemOf(entry.mark, target);\n      if (stem !== null && entry.mark !== null && (wanted.has(stem) || target.marks.ours(entry.mark, workspace))) {`,
        put: `      const stem = stemOf(entry.mark ?? 'docs:found', target);\n      if (workspace !== '') {`,
      },
      { file: 'src/push/reconcile.ts', find: `{ ...entry, mark: entry.mark }`, put: `{ ...entry, mark: entry.mark ?? 'docs:found' }` },
    ],
    test: invariants,
    only: `${kinds}.* 8: `,
  },
  {
    promise: '9',
    what: 'failed and unconfirmed documents have no exit code',
    edits: one(
      'src/cli/exit.ts',
      `  if (report.results.some(({ outcome }) => outcome === 'failed' || outcome === 'unconfirmed')) codes.push(4);\n`,
      '',
    ),
    test: invariants,
    only: '(chatthing|sitegpt-v2|cxgenie).* 9: a run that was held',
  },
  {
    promise: '9',
    what: 'a wait for training that ran out has no exit code',
    edits: one('src/cli/exit.ts', `  if (report.waited === 'deadline') codes.push(6);\n`, ''),
    test: invariants,
    only: `${kinds}.* 9, 12: `,
  },
  {
    promise: '9',
    what: 'what a brake holds has no exit code',
    edits: one('src/cli/exit.ts', `  if (report.held.length > 0) codes.push(5);\n`, ''),
    test: invariants,
    only: `${kinds}.* 9: a run that was held`,
  },
  {
    promise: '10',
    what: 'the vendor’s own words are not redacted',
    edits: [
      {
        file: 'src/transport/http-error.ts',
        find: `  const start = redact(text).slice(0, 16_000);`,
        put: `  const start = text.slice(0, 16_000);`,
      },
      { file: 'src/transport/http-error.ts', find: `  const words = redact(clean(bare));`, put: `  const words = clean(bare);` },
      {
        file: 'src/transport/http-error.ts',
        find: `  const vendor = error.vendor === null ? null : redact(error.vendor);`,
        put: `  const vendor = error.vendor;`,
      },
    ],
    test: invariants,
    only: `${kinds}.* 10: `,
  },
  {
    promise: '11',
    what: 'a Retry-After pauses the credential wherever it is used',
    edits: one(
      'src/transport/connect.ts',
      '`${spec.name}\\n${input.originName}\\n${spec.account(options)}`',
      '`${spec.name}\\n${spec.account(options)}`',
    ),
    test: 'test/isolation.test.ts',
    only: 'asks to wait',
  },
  {
    promise: '12',
    what: 'the wait for training has no bound that anybody would live to see',
    edits: one('src/cycle.ts', `(options.waitMs ?? target.trainTimeoutMs)`, `(options.waitMs ?? target.trainTimeoutMs) * 100`),
    test: invariants,
    only: `${kinds}.* 9, 12: `,
  },
  {
    promise: '12',
    what: 'a later run does not ask how training went',
    edits: one(
      'src/training/follow.ts',
      `    if (record.training === 'trained') continue;`,
      `    if (record.training !== 'failed') continue;`,
    ),
    test: invariants,
    only: `sitegpt-v2.* 12: what was not waited for`,
  },
  {
    promise: 'nothing leaked',
    what: 'the fence lets everything through',
    edits: one(
      'src/content/select.ts',
      `  if (target.audience === null || (audience !== null && target.audience.includes(audience))) return null;`,
      `  if (target.audience === null || target.audience.length > 0) return null;`,
    ),
    test: 'test/crash.test.ts',
    only: 'memory: findable, ids.*day',
  },
  {
    promise: 'nothing leaked',
    what: 'a bot that cannot be listed and of which nothing is remembered is filled without asking',
    edits: one(
      'src/plan/brake.ts',
      `  if (!contact.first || contact.listed || contact.sandbox ||`,
      `  if (contact.first || contact.listed || contact.sandbox ||`,
    ),
    test: 'test/state-deleted.test.ts',
    only: 'neither',
  },
  {
    promise: 'disk trouble',
    what: 'a journal that cannot be written is taken for written',
    edits: one('src/push/apply.ts', begin, begin.replace(';\n', '.catch(() => undefined);\n')),
    test: 'test/disk-trouble.test.ts',
    only: 'full at any step: .(memory: findable, ids|sitegpt-v2)',
  },
];
