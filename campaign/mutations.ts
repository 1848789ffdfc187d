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
  /** The test starts the real program, which is built anew for it. */
  readonly program?: boolean;
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

/** A brake that never holds: what is put makes its rule return at once. */
const brake = (rule: string, what: string, edits: readonly Edit[], test: string, only: string): Mutation => ({
  promise: `brakes, ${rule}`,
  what,
  edits,
  test,
  only,
});
const inPlan = (find: string, put: string): readonly Edit[] => one('src/plan/brake.ts', find, put);

/** What PRODUCT section 3 holds, and what passes it. */
const brakes: readonly Mutation[] = [
  brake(
    'too-many-deletes',
    'any number of deletes is few',
    inPlan(`  if (deletes.length <= limit) return null;`, `  if (deletes.length >= 0) return null;`),
    'test/cli/brakes.test.ts',
    'passes .too-many-deletes',
  ),
  brake(
    'too-many-updates',
    'any number of updates is few',
    inPlan(
      `  if (updates.length <= limit || isApproved(scene, ['too-many-updates']`,
      `  if (updates.length >= 0 || isApproved(scene, ['too-many-updates']`,
    ),
    'test/cli/brakes.test.ts',
    'passes .too-many-updates',
  ),
  brake(
    'empty-content',
    'an empty folder is taken at its word',
    inPlan(
      `  if (input.folder.documents > 0 || left.length === 0) return null;`,
      `  if (input.folder.documents >= 0 || left.length === 0) return null;`,
    ),
    'test/plan/brake.test.ts',
    'an empty, missing, partial or other folder',
  ),
  brake(
    'other-folder',
    'another folder is taken for this one',
    inPlan(`  if (inScope < 5 || gone.length * 2 <= inScope) return null;`, `  if (inScope < 5 || gone.length >= 0) return null;`),
    'test/cli/brakes.test.ts',
    'passes .other-folder',
  ),
  brake(
    'incomplete-scan',
    'a scan that was not complete is not told',
    inPlan(`  if (complete || rootMissing) return null;`, `  if (complete || !rootMissing) return null;`),
    'test/plan/brake.test.ts',
    'partial',
  ),
  brake(
    'existing-content',
    'a bot that is full of other things is filled beside them',
    inPlan(
      `  if (contact.foreign === 0 || isApproved(scene, ['existing-content']`,
      `  if (contact.foreign >= 0 || isApproved(scene, ['existing-content']`,
    ),
    'test/cli/brakes.test.ts',
    'passes .existing-content',
  ),
  brake(
    'other-bot',
    'another bot behind the credentials is taken for the old one',
    inPlan(
      `  if (identity === null || found === null || identity === found) return null;`,
      `  if (identity === null || found === null || identity !== found) return null;`,
    ),
    'test/plan/brake.test.ts',
    'holds everything at another one',
  ),
  brake(
    'vanished',
    'what is gone from a list is made anew, however much it is',
    inPlan(`  if (size <= limit || isApproved(scene, ['vanished']`, `  if (size >= 0 || isApproved(scene, ['vanished']`),
    'test/drift.test.ts',
    'many missing hold the target',
  ),
  brake(
    'clock-back',
    'a clock that went back decides what has expired',
    inPlan(
      `  if (now === null || last === null || operations.length === 0 ||`,
      `  if (now === null || last === null || operations.length >= 0 ||`,
    ),
    'test/clocks.test.ts',
    'holds what dates would take out',
  ),
  brake(
    'approval',
    'what a person approved covers whatever came after',
    inPlan(`    return documents.every((document) => covered.has(document));`, `    return covered.size > 0 || documents.length === 0;`),
    'test/cycle/approval.test.ts',
    'does not cover more',
  ),
];

/** What must not get out: behind the fence, taken back, called an error by lint, or a secret. */
const leaks: readonly Mutation[] = [
  {
    promise: 'nothing leaked, fence',
    what: 'a document that states no audience is inside every fence',
    edits: one(
      'src/content/select.ts',
      `  if (target.audience === null || (audience !== null && target.audience.includes(audience))) return null;`,
      `  if (target.audience === null || audience === null || target.audience.includes(audience)) return null;`,
    ),
    test: 'test/content/fence.test.ts',
    only: '',
  },
  {
    promise: 'nothing leaked, fence',
    what: 'the fence lets everything through, in random histories',
    edits: one(
      'src/content/select.ts',
      `  if (target.audience === null || (audience !== null && target.audience.includes(audience))) return null;`,
      `  if (target.audience === null || target.audience.length > 0) return null;`,
    ),
    test: 'test/fuzz.test.ts',
    only: 'in memory',
  },
  {
    promise: 'nothing leaked, fence',
    what: 'what a page includes may be for other readers',
    edits: one(
      'src/content/include-fence.ts',
      `    if (audience !== stated && !(isPartial && audience === null)) return`,
      `    if (audience !== stated && isPartial && audience === null) return`,
    ),
    test: 'test/content/include-fence.test.ts',
    only: '',
  },
  {
    promise: 'nothing leaked, fence',
    what: 'a document that becomes internal stays where its file has another fault',
    edits: one('src/cycle/folder.ts', `...leavesOfBlocked(target, scan.claims ?? [], nowMs), `, `...leavesOfBlocked(target, [], nowMs), `),
    test: 'test/cycle/fence.test.ts',
    only: 'goes also where the file is kept back',
  },
  {
    promise: 'nothing leaked, fence',
    what: 'a document that is moved out of the fence is only a deleted file, and waits with them',
    edits: one('src/cycle/retracted.ts', `  if (outside.length === 0) return retracted;`, `  if (outside.length >= 0) return retracted;`),
    test: 'test/cycle/fence.test.ts',
    only: 'also where it gets another name',
  },
  {
    promise: 'nothing leaked, retract',
    what: 'what is kept out is wanted all the same',
    edits: one('src/cycle/kept-out.ts', `  if (held.length === 0) return nothing;`, `  if (held.length >= 0) return nothing;`),
    test: 'test/crash-retract.test.ts',
    only: 'findable, ids given',
  },
  {
    promise: 'nothing leaked, retract',
    what: 'a target whose state is lost is not told what was retracted',
    edits: one(
      'src/workspace/retractions.ts',
      `    if (state.identity !== null || !names.includes(target)) return [];`,
      `    if (state.identity === null || !names.includes(target)) return [];`,
    ),
    test: 'test/cli/retract-lost.test.ts',
    only: 'a target that lost',
  },
  {
    promise: 'nothing leaked, retract',
    what: 'a retraction is not written beside the states, in retracted.jsonl',
    edits: one('src/state/retractions.ts', `  if (lines.length === 0) return;`, `  if (lines.length >= 0) return;`),
    test: 'test/cli/retract-lost.test.ts',
    only: 'every state, but not the file beside them',
  },
  {
    promise: 'nothing leaked, forgotten',
    what: 'what somebody removed in the dashboard owes no training',
    edits: one('src/push/gone.ts', `target.traits.training === 'on-request' &&`, `target.traits.training !== 'on-request' &&`),
    test: 'test/cycle/fence.test.ts',
    only: 'chatthing.*removed in the dashboard',
  },
  {
    promise: 'nothing leaked, forgotten',
    what: 'a lost state owes no training for what was deleted last',
    edits: one(
      'src/push/reconcile.ts',
      `  return entry.kind === 'known' && traits.training === 'on-request' ?`,
      `  return entry.kind === 'known' && traits.training !== 'on-request' ?`,
    ),
    test: 'test/state-deleted.test.ts',
    only: 'chatthing.*between a delete and the training',
  },
  {
    promise: 'nothing leaked, lint',
    what: 'what lint calls an error is only warned of, and sent',
    edits: one(
      'src/content/lint-rules.ts',
      `  return { path, line, column, message, severity, rule };`,
      `  return { path, line, column, message, severity: severity === 'error' ? 'warning' : severity, rule };`,
    ),
    test: 'test/lint.test.ts',
    only: '(chatthing|sitegpt) .*a planted secret is not sent|leaves the bot with the old text',
  },
  {
    promise: 'nothing leaked, lint',
    what: 'what a bot is given is not looked at, only what stands in the file',
    edits: one('src/content/lint-file.ts', `      if (!isOn) return [];`, `      if (isOn) return [];`),
    test: 'test/lint.test.ts',
    only: 'keeps the old words of a document that must not be sent',
  },
  {
    promise: '10, redactor',
    what: 'what is printed for people is not redacted',
    edits: one('src/cli/output.ts', `    return this.input.secrets.redact(text);`, `    return text;`),
    test: 'test/secrets.test.ts',
    only: 'a bug',
    program: true,
  },
  {
    promise: '10, redactor',
    what: 'what is printed as JSON is not redacted',
    edits: one('src/cli/output.ts', `JSON.stringify(this.input.secrets.redactValue(value))`, `JSON.stringify(value)`),
    test: 'test/secrets.test.ts',
    only: 'a bug',
    program: true,
  },
  {
    promise: '10, redactor',
    what: 'what a connector throws is kept as it is',
    edits: [
      {
        file: 'src/transport/credentials.ts',
        find: `    throw thrown instanceof SyncError ? withoutSecrets(thrown, redact) : thrown;`,
        put: `    throw thrown;`,
      },
      {
        file: 'src/transport/credentials.ts',
        find: `  return result.ok ? result : { ...result, error: withoutSecrets(result.error, redact) };`,
        put: `  return result;`,
      },
      {
        file: 'src/transport/credentials.ts',
        find: `  if (name !== 'status') return given;`,
        put: `  if (name !== '') return given;`,
      },
    ],
    test: 'test/transport/credentials.test.ts',
    only: '',
  },
  {
    promise: '10, redactor',
    what: 'the page and the API of the daemon are not redacted',
    edits: [
      {
        file: 'src/status/page-routes.ts',
        find: `context.html(input.redact(text), `,
        put: `context.html(text, `,
      },
      {
        file: 'src/status/requests.ts',
        find: `JSON.stringify(withTexts(body, redact))`,
        put: `JSON.stringify(withTexts(body, (text) => (redact(text), text)))`,
      },
    ],
    test: 'test/status/server.test.ts',
    only: 'takes secrets out of everything',
  },
  {
    promise: '10, redactor',
    what: 'a secret is not known in base64, as Basic credentials carry it',
    edits: one('src/config/secrets.ts', `    for (const form of formsOf(value)) forms.add(form);`, `    forms.add(value);`),
    test: 'test/config/secrets.test.ts',
    only: 'base64',
  },
  {
    promise: '10, redactor',
    what: 'a document that holds a key of the configuration is sent',
    edits: one('src/cycle/folder.ts', `secrets.findIn(text) !== null`, `secrets.findIn(text) === ''`),
    test: 'test/secrets.test.ts',
    only: 'goes to no bot and is not kept',
    program: true,
  },
];

/** What the state promises beyond the journal's own rules. */
const states: readonly Mutation[] = [
  {
    promise: 'state',
    what: 'a state of a newer kbsync is read as if it were ours',
    edits: one(
      'src/state/snapshot.ts',
      `  if (format > stateFormat) throw newerFormat(file, format, given.slice(0, 1000));\n  // kbsync writes no carriage return`,
      `  // kbsync writes no carriage return`,
    ),
    test: 'test/state/migrate.test.ts',
    only: 'a newer format is refused',
  },
  {
    promise: 'state',
    what: 'a lock that was lost while the machine slept is not looked at again',
    edits: one('src/state/lock.ts', `if (released || holder?.id !== owner.id) throw`, `if (released) throw`),
    test: 'test/two-runs.test.ts',
    only: 'a machine sleeps for minutes',
  },
  {
    promise: 'state',
    what: 'a run that lost its lock leaves no word of what it had in hand',
    edits: one('src/state/store.ts', `if (open.size > 0 && isLost()) await leaveStray`, `if (open.size < 0) await leaveStray`),
    test: 'test/two-runs.test.ts',
    only: 'the first byte',
  },
  {
    promise: 'drift',
    what: '“unchanged” is what the state says, whatever the vendor lists',
    edits: one(
      'src/cycle/seen.ts',
      `Math.abs(nowMs() - Date.parse(state.drift.at)) > driftWindowMs) return true;`,
      `Math.abs(nowMs() - Date.parse(state.drift.at)) > 1000 * driftWindowMs) return true;`,
    ),
    test: 'test/drift.test.ts',
    only: 'a sync after the window',
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
      'src/model/failed.ts',
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
    edits: one('src/cli/exit.ts', `  if (report.results.some(isUndone)) codes.push(4);\n`, ''),
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
    edits: one(
      'src/cycle.ts',
      `const mostMs = options.waitMs ?? target.trainTimeoutMs;`,
      `const mostMs = (options.waitMs ?? target.trainTimeoutMs) * 100;`,
    ),
    test: invariants,
    only: `${kinds}.* 9, 12: `,
  },
  {
    promise: '12',
    what: 'what got stuck stays so when its training has ended',
    edits: one('src/model/fold.ts', `  return training === 'training' || training === 'stuck';`, `  return training === 'training';`),
    test: 'test/engine-learning.test.ts',
    only: 'where a training takes longer than it may',
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
  ...brakes,
  ...leaks,
  ...states,
  {
    promise: '2, state.git',
    what: 'a create that nobody could find afterwards is sent before the branch knows of it',
    edits: [
      ...one('src/workspace/branch-memory.ts', `  let first = true;`, `  let first = false;`),
      ...one('src/workspace/branch-memory.ts', `      return !(looks &&`, `      return false && !(looks &&`),
    ],
    test: 'test/state-branch-jobs.test.ts',
    only: 'cxgenie .*is killed in the middle',
    program: true,
  },
  {
    promise: '2, state.git',
    what: 'a job whose branch was taken over while its machine slept goes on sending',
    edits: one('src/workspace/branch.ts', `        branch.verify();`, ``),
    test: 'test/state-branch-lost.test.ts',
    only: 'sitegpt: taken over',
  },
  {
    promise: '2, state.git',
    what: 'a push does not compare before it swaps',
    edits: one(
      'src/source/state-remote.ts',
      "    const lease = `--force-with-lease=${ref}:${expected ?? ''}`;",
      "    const lease = expected === 'never' ? '' : '--force';",
    ),
    test: 'test/source/state-branch.test.ts',
    only: 'taken over; when it wakes',
  },
];
