// What Kore.ai sends of its knowledge graph, as far as we read it [public P14, P19, P21]. Loose: much is optional, and forms differ by release.
import { z } from 'zod';

const node = z.looseObject({ nodeId: z.string().min(1), label: z.string(), parent: z.array(z.unknown()).nullish().catch(null) });
const task = z.looseObject({ _id: z.string().min(1), taxonomy: z.array(node).nullish() });
export type KoreaiTask = z.output<typeof task>;
/** One task, or a list of them [public P19, P44]. */
export const tasksReply = z.union([z.array(task), task]);

const faq = z.looseObject({
  _id: z.string().min(1),
  questionPayload: z.looseObject({ question: z.string().nullish() }).nullish(),
  /** Alternate questions. No page shows one: the form is that of the question itself [assumed]. */
  subQuestions: z.array(z.unknown()).nullish().catch(null),
  /** Absent: enabled. */
  faqStatus: z.boolean().nullish(),
  refId: z.string().nullish(),
  fullPath: z.array(z.string()).nullish().catch(null),
});
export type KoreaiFaq = z.output<typeof faq>;
export const faqsReply = z.looseObject({ faqs: z.array(faq), moreAvailable: z.boolean().nullish() });

const alternate = z.looseObject({
  question: z.string().nullish(),
  questionPayload: z.looseObject({ question: z.string().nullish() }).nullish(),
});

/** The alternate questions of an FAQ, those that can be read. */
export function alternatesOf({ subQuestions }: KoreaiFaq): readonly string[] {
  return (subQuestions ?? []).flatMap((sub) => {
    if (typeof sub === 'string') return [sub];
    const parsed = alternate.safeParse(sub);
    const question = parsed.success ? (parsed.data.question ?? parsed.data.questionPayload?.question) : null;
    return question ? [question] : [];
  });
}

/** Of the latest training, or of the one just asked for. */
export const faqTrainingReply = z.looseObject({
  _id: z.string().nullish(),
  status: z.string().nullish(),
  message: z.string().nullish(),
  modifiedOn: z.string().nullish(),
});
export type FaqTraining = z.output<typeof faqTrainingReply>;
