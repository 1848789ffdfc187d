// Phrases aimed at a language model and not at a reader: what a planted sentence says to turn a bot. A short list of phrases that a manual
// hardly ever needs, rather than a long one that nobody reads. Code is left out: there manuals quote prompts, and readers see it. Pure.
import { type Folded, folded, foldedWithOffsets } from './lint-fold.ts';
import { bounded, type Finding, lineStarts, placeIn } from './lint-rules.ts';
import type { Surface } from './lint-text.ts';

const orders = '(?:instructions?|prompts?|rules|directions|directives|guidelines|commands)';
const earlier = '(?:previous|prior|preceding|above|earlier|foregoing|initial|original|system|former|existing)';
const filler = '(?:(?:all|any|every|each|the|your|my|these|those|of|and|or|other|given) )*';
const model = '(?:ai|ais|llms?|(?:large )?language models?|chatbots?|gpts?|chatgpt|(?:ai|virtual|digital) (?:assistants?|agents?|models?))';
/** After "you are an AI": a person's trade. */
const trade =
  '(?! (?:developer|engineer|researcher|company|team|startup|practitioner|enthusiast|student|expert|user|builder|architect|specialist|professional|vendor|provider|platform|scientist|customer|novice|beginner|consultant|agency|partner)s?\\b)';

/** On folded text: lower-case words with single spaces, apostrophes as spaces. */
const phrases: readonly string[] = [
  `(?:ignore|disregard|forget|neglect) ${filler}(?:${earlier} )+(?:\\w+ ){0,2}?${orders}`,
  `(?:ignore|disregard|forget|override|bypass|violate|abandon) (?:all )?(?:of )?your (?:\\w+ ){0,2}?(?:${orders}|programming|training|restrictions|constraints|safeguards)`,
  `(?:override|bypass) ${filler}(?:system prompts?|(?:previous|prior) (?:instructions|prompts)|safety (?:instructions|guidelines|filters))`,
  'forget (?:everything|all|anything) (?:above|before this|(?:that )?you (?:know|knew|learned|were told|have been told|ve been told|were taught))',
  '(?:reveal|print|repeat|show|output|display|leak|disclose|expose|tell me|share|quote) (?:me )?(?:all |the )?(?:of )?your (?:\\w+ )?(?:system prompts?|system messages?|hidden instructions|(?:initial|original) (?:instructions|prompts?)|instructions verbatim)',
  `you are now (?:an? |the |my )(?:\\w+ ){0,2}?(?:${model}|assistant)${trade}`,
  `you are (?:an? )(?:\\w+ ){0,2}?${model}${trade}`,
  'you are (?:an? )(?:\\w+ ){0,2}?helpful (?:\\w+ ){0,2}?assistant',
  `as an? (?:\\w+ )?${model} you (?:must|should|shall|will|are|have|need|always|never)`,
  `${model} (?:that |which |who )?(?:is |are )?(?:now )?(?:reads?|reading|process(?:es|ing)?|pars(?:es|ing)|crawl(?:s|ing)|index(?:es|ing)|summari[sz](?:es|ing)) this (?:page|text|document|file|article|content|message|site|website|sentence)`,
  '(?:do not|don t|never) (?:tell|inform|notify|alert) (?:the |any |your )?(?:user|customer|human|reader|visitor)s? (?:about |of )?(?:this|these|that you)',
  '(?:your|the) new (?:system prompt|system message|instructions) (?:is|are|follows?)',
  `(?:note|notice|attention) (?:to|for) (?:the |any |all |every )?${model}\\b`,
  '(?:dan|jailbreak|jailbroken|unrestricted ai) mode',
  '(?:pretend|act|behave) (?:to be|as|like) (?:if you (?:are|were|have) )?(?:an? )?(?:unrestricted|uncensored|unfiltered|jailbroken)',
  // German, French, Spanish: the first of these in the languages that support bots speak most.
  '(?:ignoriere?n?|missachte|vergiss) (?:sie )?(?:alle |die |deine |ihre )*(?:vorherigen?|bisherigen?|obigen?|vorangegangenen?|fruheren?) (?:\\w+ )?(?:anweisung(?:en)?|instruktionen|regeln|vorgaben)',
  '(?:ignorez?|oubliez?) (?:toutes |les |vos |tes )*(?:instructions|consignes|regles|directives) (?:precedentes|anterieures|ci dessus)',
  '(?:ignora|ignore|olvida|olvide) (?:todas |las |tus |sus )*(?:instrucciones|reglas|ordenes) (?:anteriores|previas)',
];

const phrase = new RegExp(`\\b(?:${phrases.join('|')})\\b`, 'g');
/** Letters set apart by spaces lose the spaces between words, too. */
const spacedLetters = /(?:\b[a-z0-9] ){12,}[a-z0-9]?\b/g;
const joined =
  /(?:ignore|disregard|forget)(?:all|any|the|your|of|these|those)*(?:previous|prior|above|earlier|preceding|system)\w{0,12}?(?:instructions?|prompts?|rules|commands|guidelines)|your(?:system|initial)(?:prompt|instructions)/g;
/** What separates the turns of a conversation in the input of a model. */
const tokens =
  /<\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|endofprompt|eot_id|start_header_id|end_header_id|begin_of_text)\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:start|end)_of_turn>/gi;

/** Every such phrase in a text. `surface` is that of the same text. */
export function findInstructions(text: string, surface: Surface): readonly Finding[] {
  const { prose, comments } = surface;
  const found = instructionsIn(prose);
  if (found.length === 0) return [];
  const starts = lineStarts(text);
  const findings = found
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, message }): Finding => {
      const isComment = comments.some(({ start, end }) => start <= offset && offset < end);
      return {
        rule: 'model-instructions',
        ...placeIn(starts, offset),
        message: isComment ? `${message}, in a comment that no reader sees` : message,
      };
    });
  return bounded(findings);
}

interface Found {
  readonly offset: number;
  readonly message: string;
}

/** The same in a text without code and comments. */
export function instructionsIn(prose: string): Found[] {
  return [...phrasesIn(prose), ...tokensIn(prose)];
}

function phrasesIn(prose: string): readonly Found[] {
  const first = folded(prose);
  if (first.search(phrase) < 0 && !matchesJoined(first)) return [];
  const whole = foldedWithOffsets(prose);
  const found = [...whole.text.matchAll(phrase)].map((match) => told(whole, match.index, match[0]));
  for (const letters of whole.text.matchAll(spacedLetters)) {
    const compact = letters[0].replace(/ /g, '');
    for (const match of compact.matchAll(joined)) found.push(told(whole, letters.index + match.index * 2, match[0]));
  }
  return found;
}

function matchesJoined(text: string): boolean {
  return [...text.matchAll(spacedLetters)].some((letters) => letters[0].replace(/ /g, '').search(joined) >= 0);
}

/** The phrase as it folds: letters, digits and spaces only, so that it can be printed. */
function told({ offsets }: Folded, index: number, words: string): Found {
  const short = words.length > 80 ? `${words.slice(0, 80)}…` : words;
  return { offset: offsets[index] ?? 0, message: `speaks to a language model: "${short}"` };
}

function tokensIn(prose: string): readonly Found[] {
  if (!/<\||\[\/?INST|<<|_of_turn/i.test(prose)) return [];
  return [...prose.matchAll(tokens)].map((match) => ({
    offset: match.index,
    message: `holds ${match[0]}, which separates turns in the input of a language model`,
  }));
}
