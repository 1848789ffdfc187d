// Trainings and jobs of the Kore.ai emulator [2.5]: starting one, and how it goes.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorTools } from '../emulator.ts';
import { iso, noBody, notFound, readBody, readQuery, refuse, strings } from './emulator-request.ts';
import { type Asked, type Box, builderOnly, type Route } from './emulator-routes.ts';
import type { IngestJob, JobGroup } from './emulator-runs.ts';
import type { KoreSettings } from './emulator-settings.ts';

const answers = builderOnly('Answer Generation');
const stages = ['parsing', 'extraction', 'indexing'] as const;

/** #10 to #12. */
export function trainRoutes(tools: EmulatorTools, settings: KoreSettings): readonly Route[] {
  function train({ request, box }: Asked): Json {
    const body = readBody(request, 'contentIds');
    const contentIds = body['contentIds'] === undefined ? null : strings(body, 'contentIds');
    const lost = (contentIds ?? []).filter((id) => box.shelf.find(id) === null);
    if (lost.length > 0 && settings.unknownContentIds === 'refuse')
      refuse({ status: 400, msg: 'Invalid content id', detail: lost.join(', ') });
    if (box.runs.training && settings.concurrentTrain === 'refuse')
      refuse({ status: settings.concurrentTrainStatus, msg: 'Training is already in progress' });
    const id = box.runs.train(contentIds);
    return groupOf(box, id);
  }

  function group({ request, box, ids: [id = ''] }: Asked): Json {
    readQuery(request);
    noBody(request);
    return settings.forgetJobs ? notFound(`no job group ${id}`) : groupOf(box, id);
  }

  function groupOf(box: Box, id: string): JsonRecord {
    const found = box.runs.group(id);
    if (found === null) return notFound(`no job group ${id}`);
    const over = box.runs.isOver(found);
    const ended = found.fails === null ? 'success' : 'failed';
    return {
      _id: id,
      opType: found.opType,
      searchIndexId: `sidx-${box.id}`,
      extractionSourceId: found.source,
      contentId: found.contentIds ?? [],
      status: over ? ended : settings.runningWord,
      executionLog: over ? logOf(found) : { extraction: stage(found, 'extraction', settings.runningWord) },
      isHide: false,
      createdOn: iso(found.startedAt),
      lMod: iso(over ? (found.endsAt ?? found.startedAt) : found.startedAt),
    };
  }

  /** What ran, up to the stage that failed. */
  function logOf(found: JobGroup): JsonRecord {
    const log: { [name: string]: Json } = {};
    for (const name of stages) {
      const failed = found.fails !== null && name === settings.failStage;
      log[name] = { ...stage(found, name, failed ? 'failed' : 'success'), errMsg: failed ? found.fails : '', timeTook: 100 };
      if (failed) break;
    }
    return log;
  }

  function job({ request, box, ids: [id = ''] }: Asked): Json {
    readQuery(request);
    noBody(request);
    const found = settings.ingestJobReadable && !settings.forgetJobs ? box.runs.job(id) : null;
    if (found === null) return notFound(`no job ${id}`);
    const status = statusOf(found, box);
    return {
      _id: id,
      status,
      percentageDone: status === 'SUCCESS' || status === 'FAILED' ? 100 : status === 'QUEUED' ? 0 : 50,
      jobType: 'INGESTION',
      title: found.source,
      message: found.fails !== null && status === 'FAILED' ? found.fails : '',
      error: found.fails !== null && status === 'FAILED' ? [found.fails] : [],
      fileInfo: {},
    };
  }

  function statusOf(found: IngestJob, box: Box): 'QUEUED' | 'INPROGRESS' | 'SUCCESS' | 'FAILED' {
    if (box.runs.isOver(found)) return found.fails === null ? 'SUCCESS' : 'FAILED';
    return tools.now() < found.queuedUntil ? 'QUEUED' : 'INPROGRESS';
  }

  return [
    { method: 'POST', path: 'train', scopes: builderOnly('Train', 'Answer Generation'), run: train },
    { method: 'GET', path: 'job-group/*', scopes: answers, run: group },
    { method: 'GET', path: 'search/jobs/*', scopes: answers, run: job },
  ];
}

function stage(group: JobGroup, name: (typeof stages)[number], status: string): JsonRecord {
  return { jobId: group.jobs[name], type: name.toUpperCase(), status };
}
