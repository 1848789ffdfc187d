// The knowledge graph calls of the Kore.ai emulator [2.7]. There is no way to delete one FAQ: it is disabled.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorReply } from '../emulator.ts';
import type { Faq, Faqs } from './emulator-faqs.ts';
import {
  countOf,
  filled,
  flag,
  invalid,
  iso,
  isRecord,
  noBody,
  notFound,
  only,
  readBody,
  readQuery,
  records,
  refuse,
} from './emulator-request.ts';
import { type Asked, type Box, either, type Route } from './emulator-routes.ts';
import type { KoreSettings } from './emulator-settings.ts';

const graph = either('Manage Knowledge Graph');
const training = either('Train FAQ');
const pageSize = 50;
const pageNames = ['limit', 'offset', 'type', 'withallchild', 'language', 'nodeName', 'search'];
const faqFields = [
  'questionPayload',
  'answerPayload',
  'knowledgeTaskId',
  'subQuestions',
  'responseType',
  'subAnswers',
  'streamId',
  'parent',
  'leafterm',
  'qsId',
];
const changes = ['primaryResponse', 'extendedResponses', 'alternateResponses', 'faqStatus'];

type State = 'configured' | 'published';

/** #15 to #17, #19, #20 for builder apps, #25, #26. */
export function faqRoutes(settings: KoreSettings): readonly Route[] {
  function tasks({ request, box }: Asked): Json | EmulatorReply {
    noBody(request);
    const query = readQuery(request, 'language', 'state');
    const { faqs } = box;
    const [root] = faqs.nodes.keys();
    const taxonomy = [...faqs.nodes].map(([nodeId, label]) => ({
      nodeId,
      label,
      level: nodeId === root ? 0 : 1,
      parent: nodeId === root ? [] : [root ?? ''],
      synonyms: [],
      faqCount: faqs.all().filter(([, faq]) => faq.parent === nodeId).length,
    }));
    const task = { _id: faqs.task[stateOf(query)], name: box.id, language: languageOf(query), faqCount: faqs.all().length, taxonomy };
    return settings.knowledgeTasksAs === 'object' ? task : { status: 200, body: [task] };
  }

  /** `limit` over 50 is cut to 50 [4]. */
  function listed(box: Box, state: State, query: URLSearchParams): Json {
    const language = languageOf(query);
    const node = query.get('nodeName');
    const wanted = query.get('search');
    const found = box.faqs.all().filter(([, faq]) => {
      const isThere = faq.language === language && (state === 'configured' || faq.published !== null);
      return isThere && (node === null || faq.leafterm === node) && (wanted === null || faq.refId === wanted || faq.question === wanted);
    });
    const limit = Math.min(countOf(query, 'limit', pageSize), pageSize);
    const offset = countOf(query, 'offset', 0);
    const faqs = found.slice(offset, offset + limit).map(([id, faq]) => shown(box.faqs, id, faq, state));
    return { faqs, moreAvailable: found.length > offset + limit, count: found.length };
  }

  function shown(faqs: Faqs, _id: string, faq: Faq, state: State): JsonRecord {
    const { published } = faq;
    const isPublished = published !== null && published.text === faq.answers[0]?.text && published.question === faq.question;
    const live = state === 'published' && published !== null;
    const answers = live ? faq.answers.map((answer, index) => (index === 0 ? { ...answer, text: published.text } : answer)) : faq.answers;
    return {
      _id,
      questionPayload: { question: live ? published.question : faq.question },
      answerPayload: answers.map((answer) => ({ ...answer, text: settings.encodeAnswers ? encodeURIComponent(answer.text) : answer.text })),
      subQuestions: faq.alternates.map((question) => ({ question })),
      subAnswers: [],
      parent: faq.parent,
      leafterm: faq.leafterm,
      knowledgeTaskId: faqs.task[state],
      language: faq.language,
      faqStatus: live ? true : faq.faqStatus,
      isPublished,
      refId: faq.refId,
      label: faq.leafterm,
      fullPath: faq.fullPath,
    };
  }

  function listV2({ request, box }: Asked): Json {
    noBody(request);
    const query = readQuery(request, 'state', ...pageNames);
    return listed(box, stateOf(query), query);
  }

  /** The task's id tells the state. */
  function listV1({ request, box }: Asked): Json {
    noBody(request);
    const query = readQuery(request, 'ktId', ...pageNames);
    const { configured, published } = box.faqs.task;
    const task = query.get('ktId') ?? invalid('ktId is required');
    if (task !== configured && task !== published) return notFound(`no knowledge task ${task}`);
    return listed(box, task === configured ? 'configured' : 'published', query);
  }

  /** No id comes back. */
  function addBulk({ request, box }: Asked): Json {
    const language = languageOf(readQuery(request, 'language'));
    const given = records(readBody(request, 'faqs'), 'faqs').map((faq) => readFaq(faq, box));
    for (const faq of given) {
      const isThere = box.faqs.all().some(([, old]) => old.question === faq.question && old.parent === faq.parent);
      if (isThere && settings.duplicateFaqs === 'refuse') refuse({ status: 400, msg: 'Duplicate question', detail: faq.question });
    }
    for (const faq of given) box.faqs.add({ ...faq, language });
    return { status: 'success' };
  }

  function readFaq(faq: JsonRecord, box: Box) {
    only(faq, ...faqFields);
    const { questionPayload, subQuestions, qsId, streamId } = faq;
    if (!isRecord(questionPayload)) return invalid('questionPayload: {question, tagsPayload}');
    only(questionPayload, 'question', 'tagsPayload');
    if (qsId === undefined ? settings.qsIdNeeded : typeof qsId !== 'string') invalid('qsId must be the id of an extracted question');
    if (filled(faq, 'knowledgeTaskId') !== box.faqs.task.configured) invalid('knowledgeTaskId is not that of the configured task');
    if (streamId !== undefined && streamId !== box.id) invalid('streamId is another bot');
    const parent = filled(faq, 'parent');
    if (box.faqs.nodes.get(parent) !== filled(faq, 'leafterm')) invalid('parent and leafterm are id and label of one node');
    if (!Array.isArray(subQuestions)) return invalid('subQuestions must be a list');
    return {
      question: filled(questionPayload, 'question'),
      alternates: subQuestions.map((sub: Json) =>
        isRecord(sub) ? filled(only(sub, 'question', 'tagsPayload'), 'question') : invalid('subQuestions: {question}'),
      ),
      answers: records(faq, 'answerPayload').map(readAnswer),
      parent,
    };
  }

  function update({ request, box }: Asked): Json {
    readQuery(request);
    for (const item of records(readBody(request, 'payload'), 'payload'))
      updateOne(only(item, 'query', settings.bulkUpdateKey), box, settings);
    return { status: 'success' };
  }

  function train({ request, box }: Asked): Json {
    readQuery(request);
    const id = box.faqs.startTraining(filled(readBody(request, 'language'), 'language'));
    return runOf(box, id, 'in-progress');
  }

  function status({ request, box }: Asked): Json {
    noBody(request);
    const query = readQuery(request, 'language', 'state');
    const run = box.faqs.lastRun;
    if (run === null || run[1].language !== languageOf(query)) return notFound('no FAQ training yet');
    stateOf(query);
    const ended = run[1].fails ? 'failure' : 'success';
    return runOf(box, run[0], box.faqs.isOver(run[1]) ? ended : 'in-progress');
  }

  function runOf(box: Box, _id: string, state: string): Json {
    const run = box.faqs.lastRun?.[1];
    const modified = state === 'in-progress' ? run?.startedAt : run?.endsAt;
    return { _id, message: state, status: state, modifiedOn: iso(modified ?? 0) };
  }

  return [
    { method: 'GET', path: 'knowledgeTasks', scopes: graph, run: tasks },
    { method: 'GET', path: 'v2/faqs', scopes: graph, run: listV2 },
    { method: 'GET', path: 'faqs', scopes: graph, run: listV1 },
    { method: 'POST', path: 'faqs/bulk', scopes: graph, run: addBulk },
    { method: 'POST', path: 'faqs/bulkupdates', scopes: { builder: ['Update FAQs'], admin: null }, run: update },
    { method: 'POST', path: 'faqs/train', scopes: training, run: train },
    { method: 'GET', path: 'faqs/train/status', scopes: training, pace: ({ box }) => box.faqs.lastRun?.[0] ?? box.id, run: status },
  ];
}

/** One item of a bulk update: found by `faqPath` or `referenceId`, with language and question; at least one thing changes. */
export function updateOne(item: JsonRecord, box: Box, settings: KoreSettings): void {
  const query = recordOf(item, 'query');
  const change = recordOf(item, settings.bulkUpdateKey);
  only(query, 'language', 'faqPath', 'referenceId', 'primaryQuestion');
  only(change, ...changes);
  if (Object.keys(change).length === 0) invalid('at least one change is needed');
  const [id, faq] = faqOf(query, box, settings);
  const faqStatus = flag(change, 'faqStatus', faq.faqStatus);
  const [first, ...others] = faq.answers;
  const answer = change['primaryResponse'] === undefined ? null : readAnswer(recordOf(change, 'primaryResponse'));
  const answers = answer === null || first === undefined ? faq.answers : [{ ...first, ...answer }, ...others];
  box.faqs.put(id, { ...faq, answers, faqStatus });
}

function faqOf(query: JsonRecord, box: Box, settings: KoreSettings): [string, Faq] {
  const [found] = box.faqs.all().filter(([, faq]) => isMeant(faq, query, settings));
  return found ?? refuse({ status: 400, msg: 'FAQ not found', detail: filled(query, 'primaryQuestion') });
}

function recordOf(body: JsonRecord, name: string): JsonRecord {
  const value = body[name];
  return isRecord(value) ? value : invalid(`${name} must be an object`);
}

function isMeant(faq: Faq, query: JsonRecord, settings: KoreSettings): boolean {
  const { faqPath, referenceId } = query;
  if ((faqPath === undefined) === (referenceId === undefined)) return invalid('query needs faqPath or referenceId, one of the two');
  if (faq.question !== filled(query, 'primaryQuestion') || faq.language !== filled(query, 'language')) return false;
  if (referenceId !== undefined) return settings.referenceIdIsRefId && faq.refId === referenceId;
  if (settings.faqPathFormat === 'slash') return faqPath === faq.fullPath.join('/');
  return Array.isArray(faqPath) && faqPath.join('\n') === faq.fullPath.join('\n');
}

function readAnswer(answer: JsonRecord) {
  only(answer, 'text', 'type', 'channel');
  return { text: filled(answer, 'text'), type: filled(answer, 'type'), channel: filled(answer, 'channel') };
}

function stateOf(query: URLSearchParams): State {
  const state = query.get('state') ?? 'configured';
  return state === 'configured' || state === 'published' ? state : invalid('state must be configured or published');
}

function languageOf(query: URLSearchParams): string {
  return query.get('language') ?? invalid('language is required');
}
