// Whether a question was asked in vain: the vendor says so, there is no answer, or the bot says that it does not know. Pure. Conservative:
// an answer that only mentions what it does not know has still answered something.
import type { Exchange, VainMark } from '../connectors/connector.ts';

/** no-answer: there is none. said-so: the bot's words say that it does not know. The rest as the vendor marks it. */
export type VainReason = Exclude<VainMark, 'unserved'> | 'no-answer' | 'said-so';

/** For people. */
export const reasonWords: Readonly<Record<VainReason, string>> = {
  unhandled: 'unhandled by the bot',
  unknown: "the bot's own reply for not knowing",
  escalated: 'handed to a person',
  disliked: 'answer disliked',
  'no-answer': 'no answer',
  'said-so': 'the bot said it does not know',
};

/** Why an exchange counts as asked in vain; null where it does not. `phrases` are the bot's further words for not knowing. */
export function vainReason({ answer, vain }: Exchange, phrases: readonly string[]): VainReason | null {
  if (vain === 'unserved') return null;
  if (vain !== undefined) return vain;
  if (answer === null || answer.trim() === '') return 'no-answer';
  return saysUnknown(answer, phrases) ? 'said-so' : null;
}

/** Only the start of an answer is looked at: what stands there is what it comes to. */
const startCharacters = 160;

/** Whether an answer says that the bot does not know. */
export function saysUnknown(answer: string, phrases: readonly string[] = []): boolean {
  const plain = flat(answer);
  const start = plain.slice(0, startCharacters);
  return phrases.some((phrase) => flat(phrase) !== '' && plain.includes(flat(phrase))) || unknowns.some((pattern) => pattern.test(start));
}

function flat(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[’‘`´]/g, "'")
    .replace(/\s+/g, ' ')
    .trim();
}

const source =
  '(?:the |my |our |this |these |provided |given |available |current )*(?:context|documents?|documentation|knowledge base|sources?|content|information|articles?|data|materials?)';

/** What bots say when they have nothing, in the languages that they are asked in most. */
const unknowns: readonly RegExp[] = [
  /\bi (?:really )?(?:don't|do not) (?:actually )?know\b/,
  /\bi(?:'m| am) not (?:entirely |quite )?(?:sure|certain)\b/,
  /\bi(?:'m| am)? (?:can't|cannot|can not|unable to|not able to) (?:help|assist)(?: you)? with (?:that|this|it)\b/,
  /\bthere is no (?:specific |relevant |further )?(?:information|mention|answer) (?:about|on|of|regarding|for|in)\b/,
  /\b(?:that|this|the) information (?:is not|isn't) available\b/,
  new RegExp(
    `\\b(?:(?:is|are|was|were)(?: not|n't)|that's not) (?:explicitly |specifically )?(?:covered|mentioned|described|included|provided|specified) in ${source}\\b`,
  ),
  /\b(?:i|we) (?:don't|do not|currently don't|currently do not) (?:currently )?have (?:any |enough |specific |sufficient |the |that |this |an |details |more |access to )*(?:information|info|details?|data|answer|knowledge)\b/,
  /\b(?:i|we) (?:couldn't|could not|can't|cannot|can not|wasn't able to|was not able to|was unable to|am unable to|am not able to|were unable to|didn't|did not) (?:seem to )?(?:find|locate|answer)\b/,
  /\bi'm (?:unable|not able) to (?:find|locate|answer)\b/,
  /\bno (?:relevant |matching |specific )?(?:information|answer|results?) (?:is |was |were |are |could be )?(?:available|found|provided)\b/,
  new RegExp(
    `\\b${source} (?:does not|doesn't|do not|don't|did not|didn't) (?:seem to |appear to |explicitly |specifically )?(?:contain|mention|include|provide|cover|say|specify|have)\\b`,
  ),
  /\b(?:beyond|outside|not (?:part|in|within)) (?:of )?(?:the scope of )?my (?:knowledge|training|information)\b/,
  /\bi (?:don't|do not|didn't|did not) understand\b/,
  /\b(?:das|dies|es)? ?wei(?:ß|ss) ich (?:leider |es |das )*nicht\b/,
  /\bich (?:wei(?:ß|ss)|kenne) (?:es |das |die antwort |darauf |dazu )*(?:leider )?(?:nicht|keine)/,
  /\b(?:habe ich|ich habe|liegen mir|mir liegen|finde ich|ich finde|gibt es|wir haben|haben wir)\b.{0,60}\b(?:keine|nichts)\b.{0,30}(?:information|angabe|antwort|daten|auskunft|dazu|darüber|hierzu|gefunden)/,
  /\b(?:kann|konnte) (?:ich )?.{0,60}\bnicht (?:beantworten|finden)\b/,
  /\bich (?:konnte|habe) (?:leider )?(?:nichts|keine antwort|keine informationen)/,
  /\bkann ich (?:ihnen |dir )?(?:leider |dazu |darüber |hierzu )*nichts sagen\b/,
  /\bje ne (?:le )?(?:sais|connais) pas\b/,
  /\bje ne dispose (?:malheureusement )?(?:pas|d'aucune)\b.{0,20}\binformation/,
  /\bje n'ai (?:malheureusement )?(?:pas|aucune|trouvé aucune|pas trouvé)\b.{0,40}\b(?:information|informations|réponse|détails)\b/,
  /\bje ne (?:peux|suis pas en mesure de|parviens)\b.{0,30}\b(?:répondre|trouver)\b/,
  /(?:^|[\s,.;¡!])no (?:lo )?sé(?!\p{L})/u,
  /\bno (?:tengo|dispongo de|cuento con|hay)\b.{0,20}\binformación\b/,
  /\bno (?:he podido|pude|puedo|he encontrado|encontré|encuentro)\b.{0,40}(?:encontrar|responder|información|respuesta)/,
  /\bnon (?:lo )?so\b(?! (?:come|se))/,
  /\bnon (?:ho|dispongo di|ho trovato)\b.{0,20}\binformazioni\b/,
  /\b(?:eu )?não sei\b/,
  /\bnão (?:tenho|possuo|há|encontrei|consegui encontrar)\b.{0,20}(?:informaç|resposta)/,
  /\bik weet (?:het|dat) (?:helaas )?niet\b/,
  /\bik (?:heb|kan|vind)\b.{0,40}\b(?:geen (?:informatie|antwoord)|niet (?:vinden|beantwoorden))/,
  /\bnie (?:wiem|mam informacji|znalazłem)/,
  /(?:^|\s)(?:tôi )?không (?:biết|có thông tin|tìm thấy)/,
  /(?:わかりません|分かりません|見つかりません|情報がありません|お答えできません)/,
  /(?:我不知道|不清楚|没有找到|沒有找到|找不到相关|无法回答|無法回答|没有相关信息|沒有相關資訊)/,
  /(?:모르겠습니다|찾을 수 없습니다|정보가 없습니다)/,
];
