// A question → the terms that it is about: without the words that questions are made of, in the languages that bots are asked in most, and
// without endings. Pure. For grouping and for finding passages; never shown.

/** A term that carries meaning; at most so many of one question count. */
const mostTerms = 24;

/** Words as any script writes them: Han, kana and Thai, which have no spaces, give pairs of characters. */
export function rawWords(text: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of text
    .normalize('NFKC')
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    if (!/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u.test(word)) words.push(word);
    else words.push(...pairsOf(word));
  }
  return words;
}

/** Runs of one script apart; Japanese kana between Han and Katakana are endings and particles. */
function pairsOf(word: string): readonly string[] {
  const runs = word.match(/\p{sc=Han}+|[\p{sc=Katakana}ー]+|\p{sc=Hiragana}+|[\p{sc=Thai}\p{M}]+|[\p{L}\p{N}]+/gu) ?? [];
  const telling = runs.filter((run) => !/^\p{sc=Hiragana}/u.test(run));
  return (telling.length > 0 ? telling : runs).flatMap((run) => {
    const characters = [...run];
    if (characters.length < 3) return [run];
    return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
  });
}

/** The words of a question that say what it is about, as they were written. */
export function contentWords(text: string): readonly string[] {
  // What masking left in place of personal data is about nobody.
  return rawWords(text.replace(/\[[a-z-]{2,8}\]/g, ' ')).filter((word) => !stopWords.has(bare(word)));
}

/** Terms of a question, each once, in its order. [] where it asks about nothing (hi, thanks, ok). */
export function termsOf(text: string): readonly string[] {
  return [...new Set(contentWords(text).map(stem))].slice(0, mostTerms);
}

function bare(word: string): string {
  return word.normalize('NFKD').replace(/\p{M}/gu, '');
}

const endings = /(?:ungen|ung|ments?|ingly|ings?|ation|ationen|edly|ed|ies|ern|em|en|er|es|e|s|n|a|o|os|as|i|y)$/;

/** Without its ending, as far as four letters remain; words with digits (versions, codes) stay as they are. */
function stem(word: string): string {
  const plain = bare(word);
  if (!/^\p{L}{5,}$/u.test(plain)) return /^\p{L}{4}$/u.test(plain) ? plain.replace(/[sy]$/, '') : plain;
  const cut = plain.replace(endings, '');
  const left = [...cut].length >= 4 ? cut : plain;
  return /([bdfgklmnprt])\1$/.test(left) && left !== plain ? left.slice(0, -1) : left;
}

/** Without marks, since many leave them out: "für" and "fur". */
const stopWords: ReadonlySet<string> = new Set(
  // English, and what is left of its contractions
  (
    'a about after again all also am an and any anybody anyone anything are as at be because been before being both but by can cannot could did do ' +
    'does doing don done down during each else ever every few for from further get gets getting give go got had has have having he her here hers him ' +
    'his how i if im in into is isn it its itself ive just know let like ll long m many may me might more most much must my myself need no nor not now ' +
    'of off on once one only or other our ours out over own please possible re really s same say see shall she should so some somebody someone something ' +
    'still such t tell than that the their them then there these they thing things this those through to too under until up us use using ve very want ' +
    'was way we were what whats when where which while who whom why will wish with without won work working works would wont you your yours able ' +
    'explain mean means understand help question questions problem info information ' +
    // talk that asks nothing
    'hi hello hey hallo hola bonjour salut ciao ola hoi moin servus thanks thank thx danke merci gracias grazie obrigado obrigada bedankt dank ok okay ' +
    'yes ja oui si sim nee nein non nao bye tschuss good morning evening sorry great cool super ' +
    // German
    'aber alle als also am an auch auf aus bei bin bis bist bitte da damit dann das dass dem den denn der des die dies diese diesem diesen dieser dieses ' +
    'doch dort du durch ein eine einem einen einer eines er es etwas euch euer eure fur gab geben geht gibt habe haben hat hier ich ihm ihn ihr ihre ihrem ' +
    'ihren ihrer im in ist kann kannst kein keine konnen konnte machen macht man mein meine meinem meinen meiner mich mir mit mochte muss mussen nach nicht ' +
    'noch nun nur ob oder ohne schon sein seine sich sie sind so soll sollte uber um und uns unser unsere vom von vor wann warum was weg welche welchen ' +
    'welcher welches wenn wer werde werden weshalb wie wieso wieviel will wir wird wo wurde zu zum zur frage viel lange wollen wissen ' +
    // French
    'ai aller alors au aussi autre aux avec avez avoir c ca ce cela ces cet cette chez comme comment d dans de des dois doit du elle en est et etre eux ' +
    'faire fait faut il ils j je l la le les leur lui ma mais me mes moi mon n ne nos notre nous on ou par pas peut peux plus pour pourquoi puis puisje qu ' +
    'quand que quel quelle quelles quels qui quoi sa sans se ses son sont suis sur ta te tes tu un une veux vos votre vous voudrais y ' +
    // Spanish, Portuguese, Italian
    'al algo como con cual cuales cuando cuanto cuanta cuantos de del donde el ella en era es esa ese eso esta este esto estoy fue ha hacer hago hay la ' +
    'las lo los mas me mi mis muy necesito ni o para pero por porque puede puedo que quien quiero se ser si sin sobre son su sus te tengo tiene tu un una ' +
    'unas unos usted ya yo as ao aos com da das do dos ele eu fazer faco foi isso isto mais meu minha na nas no nos num numa onde os ou pelo posso quais ' +
    'qual quando quanto quanta quantos quem quero seu sua tem tenho um uma voce ai al che chi ci come cosa dei del della delle di dove e fare gli ho i il ' +
    'io le lo mia mio nel nella non per perche piu posso puo qual quale quali quando quanto sono sta su sul sulla ti tra un uno vorrei ' +
    // Dutch
    'aan als bij dat de deze die dit door een en er geen graag heb hebben heeft het hoe hoeveel ik in is je jullie kan kunnen maar mag meer met mij mijn ' +
    'moet naar niet nog of om ook op over te tot uit uw van veel voor waar waarom wanneer wat we welke wie wil wij worden wordt zijn zo'
  ).split(' '),
);
