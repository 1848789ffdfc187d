// Training: asked for once for all documents, followed by its job group, and with it, where there are FAQs, the training of those: one run, two halves. A run that was asked for and whose answer was lost leaves no trace that
// could be looked for [P4, P5: job groups are known by id only], so it is asked for again, which is taken to do no harm [public P40, P41].
import { SyncError } from '../../model/error.ts';
import type { Call, StatusQuery, StatusReport, Train } from '../connector.ts';
import type { Send } from './api.ts';
import type { FaqTrainings } from './faq-train.ts';
import { type Publishing, type Run, textOf } from './publish.ts';
import { type JobGroup, jobGroupReply } from './schema.ts';

/** Binds `train` and `status`. `publishing`: null where the bot is never published; `faqs`: null where there are none. */
export function bindTrain(send: Send, publishing: Publishing | null, faqs: FaqTrainings | null) {
  const train: Train = {
    async baseline(call) {
      const publish = textOf(publishing === null ? null : await publishing.look(call));
      return faqs === null ? publish : JSON.stringify({ publish, faqs: await faqs.look(call) });
    },

    async start(_baseline, call) {
      const request = { what: 'asking for training', intent: 'create', method: 'POST', path: '/train', scope: 'Train', json: {} } as const;
      const group = await send(jobGroupReply, { ...request, mayBeBusy: true }, call);
      // FAQs second: while one runs, the first half refuses, so that attempts do not start trainings of FAQs again and again.
      if (group._id) return { handle: faqs === null ? group._id : `${group._id} ${await faqs.start(call)}` };
      throw new SyncError('REPLY_INVALID', {
        message: 'asking for training: Kore.ai answered without the id of a job group, so what becomes of it cannot be known',
        // Told as without effect, or it would be asked for again and again: training once too often harms nothing, and this run ends here.
        facts: { effect: 'none' },
      });
    },
  };

  async function status({ run }: StatusQuery, call: Call): Promise<StatusReport> {
    if (run === null) return { run: null, items: [] };
    if (run.handle === '') return { run: { state: 'lost', error: null }, items: [] };
    const [groupId = '', faqRun = null] = run.handle.split(' ');
    const before = halvesOf(run.baseline);
    const group = await groupOf(groupId, call);
    const documents = group === null ? ({ state: 'lost', error: null } as const) : judged(group);
    if (documents.state !== 'succeeded') return { run: documents, items: [] };
    const questions = faqs === null || faqRun === null ? null : await faqs.follow(before.faqs, faqRun, call);
    if (questions !== null && questions.run.state !== 'succeeded') return { run: questions.run, items: [] };
    if (publishing === null) return { run: documents, items: [] };
    return { run: await publishing.follow(before.publish, later(group?.lMod ?? null, questions?.endedAt ?? null), call), items: [] };
  }

  async function groupOf(handle: string, call: Call): Promise<JobGroup | null> {
    const request = {
      what: 'asking for the training',
      intent: 'read',
      method: 'GET',
      scope: 'Answer Generation',
      remoteId: handle,
    } as const;
    try {
      return await send(jobGroupReply, { ...request, path: `/job-group/${encodeURIComponent(handle)}` }, call);
    } catch (error) {
      if (error instanceof SyncError && error.code === 'REMOTE_GONE') return null;
      throw error;
    }
  }

  return { train, status };
}

/** A baseline from the time before there were FAQs is that of the publish alone. */
function halvesOf(baseline: string): { readonly publish: string; readonly faqs: string } {
  if (!baseline.startsWith('{')) return { publish: baseline, faqs: '' };
  const { publish, faqs } = JSON.parse(baseline) as { readonly [half: string]: unknown };
  return { publish: typeof publish === 'string' ? publish : '', faqs: typeof faqs === 'string' ? faqs : '' };
}

/** The later of two times of the vendor's. */
function later(left: string | null, right: string | null): string | null {
  return Date.parse(right ?? '') > Date.parse(left ?? '') || left === null ? right : left;
}

/** `success` and `failed` are documented, `running` and `in progress` too; like words are read alike, and any other means running [assumed]. */
function judged({ status, executionLog }: JobGroup): Run {
  const word = (status ?? '').toLowerCase().replace(/[\s_-]/g, '');
  if (['success', 'successful', 'succeeded', 'completed', 'finished'].includes(word)) return { state: 'succeeded', error: null };
  if (!['failed', 'failure', 'error'].includes(word)) return { state: 'running', error: null };
  const reasons = Object.entries(executionLog ?? {}).flatMap(([stage, log]) => (log?.errMsg ? [`${stage}: ${log.errMsg}`] : []));
  const error = new SyncError('TRAINING_FAILED', {
    message: 'the training of the bot failed',
    vendor: reasons.join('; ').slice(0, 500) || null,
  });
  return { state: 'failed', error };
}
