// What ReplyCX sends, as far as we read it; further keys may come. Ids are numbers there and texts here.
import { z } from 'zod';

/** Beside the data, not around it [public R1]. */
export const envelope = z.looseObject({ ok: z.boolean() });

/** `code` may be missing, `status` too; then `error` and the HTTP status speak [public R1, sibling S1]. */
export const failure = z.looseObject({
  error: z.string().nullish(),
  code: z.string().nullish(),
  message: z.string().nullish(),
  status: z.int().nullish(),
});
export type Failure = z.output<typeof failure>;

/** Never a number again: one of more digits than a number holds would come out as another. */
const id = z.union([z.string().min(1), z.int()]).transform(String);

/** One source made of a field. A 200 may carry a refused one; the type of `errors` is not known [assumed]. */
const made = z.looseObject({ id: id.nullish(), name: z.string().nullish(), status: z.string().nullish(), errors: z.unknown().optional() });
export type MadeSource = z.output<typeof made>;

/** What stands under one field key of an upload's answer [public R1]. */
export const madeSources = z.array(made);

export const anything = z.looseObject({});

const source = z.looseObject({ id, name: z.string().nullish(), status: z.string().nullish() });
export type ListedSource = z.output<typeof source>;

export const statusReply = z.looseObject({ sources: z.array(source) });

/** Of the details of a knowledge base: `data_source`, singular, is the list; the inside of `pagination` is not known [sibling S1, S5]. */
export const detailsReply = z.looseObject({
  name: z.string().nullish(),
  total_data_sources: z.int().nonnegative().nullish(),
  data_source: z.array(source),
});

export const botsReply = z.looseObject({ bots: z.array(z.unknown()) });
