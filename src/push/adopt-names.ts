// What an item that somebody made by hand may be called when it is one of our documents: its path, file name, title or link, each as it is,
// as vendors rewrite names, and in any case. Pure.
import type { RemoteEntry, Target } from '../connectors/connector.ts';
import type { PartHead, PayloadHead } from '../model/payload.ts';

/** A part of a document that an item could be. */
export interface NamedPart {
  readonly head: PayloadHead;
  readonly part: PartHead;
}

/** By what a name proves an item to be a part, the strongest first. */
export type NameProof = 'mark' | 'path' | 'file name' | 'title' | 'link';

/** One way of comparing names: keys of both sides, of which one must be equal. */
export interface NameTier {
  readonly by: NameProof;
  ofPart(part: NamedPart): readonly string[];
  ofItem(item: Pick<RemoteEntry, 'mark' | 'name'>): readonly string[];
}

export interface NameFacts {
  readonly workspace: string;
  readonly marks: Target['marks'];
}

/** The ways in order of proof: as it is before without its ending, both before what vendors make of names, and any case last. */
export function nameTiers({ workspace, marks }: NameFacts): readonly NameTier[] {
  const stem = (mark: string) => marks.stem?.(mark) ?? mark;
  const mark: NameTier = {
    by: 'mark',
    ofPart: ({ head, part }) => [stem(marks.write({ workspace, document: head.document, part: part.key, effect: '' }))],
    ofItem: ({ mark: found, name }) => [found, name].flatMap((each) => (each === null ? [] : [stem(each)])),
  };
  const tier = (
    by: NameProof,
    namesOf: (part: NamedPart) => readonly string[],
    rewrite: (name: string) => readonly string[],
  ): NameTier => ({
    by,
    ofPart: (part) => keys(namesOf(part).flatMap(rewrite)),
    ofItem: ({ name }) => (name === null ? [] : keys(rewrite(name))),
  });
  const same = (name: string) => [name];
  const bare = (name: string) => [withoutEnding(name)];
  const folded = (name: string) => squeezed(name).map((each) => each.toLowerCase());
  const inAnyCase = (by: NameProof, namesOf: (part: NamedPart) => readonly string[]) => tier(by, namesOf, folded);
  return [
    mark,
    tier('path', pathsOf, same),
    tier('path', pathsOf, bare),
    tier('path', pathsOf, squeezed),
    tier('file name', fileNamesOf, same),
    tier('file name', fileNamesOf, bare),
    tier('file name', fileNamesOf, squeezed),
    tier('title', titlesOf, same),
    tier('title', titlesOf, squeezed),
    tier('link', linksOf, (name) => [linkKey(name)]),
    inAnyCase('path', pathsOf),
    inAnyCase('file name', fileNamesOf),
    inAnyCase('title', titlesOf),
  ];
}

/** `workspace:path` with its ending, or a mark shortened to digits (mark.ts), or a copy's own digits behind it (Kore.ai's titles). */
const ofSomeWorkspace =
  /^[A-Za-z0-9][\w.-]*:(?!\/\/)\S+\.(?:md|mdx|markdown|txt|html?)(?:#\S+)?$| [0-9a-f]{20}(?:-[0-9a-f]{6})?(?:\.[a-z]+)?$|\S #[0-9a-f]{8}$/;

/** Whether another workspace of kbsync named it: adopted, it would have two masters, who overwrite each other. */
export function isAnothers({ mark, name }: Pick<RemoteEntry, 'mark' | 'name'>, { workspace, marks }: NameFacts): boolean {
  if (mark !== null && marks.ours(mark, workspace)) return false;
  return name !== null && ofSomeWorkspace.test(name);
}

/** Documents that would be taken for one of these items by its name: creating them might double them. */
export function lookalikes(names: readonly string[], heads: readonly PayloadHead[], facts: NameFacts): number {
  if (names.length === 0 || heads.length === 0) return 0;
  const parts = heads.flatMap((head) => head.parts.slice(0, 1).map((part): NamedPart => ({ head, part })));
  const found = new Set<NamedPart>();
  for (const tier of nameTiers(facts)) {
    const there = new Set(names.flatMap((name) => tier.ofItem({ mark: null, name })));
    for (const part of parts) if (tier.ofPart(part).some((key) => there.has(key))) found.add(part);
  }
  return found.size;
}

/** The whole document is known by its first part; a question stands in a file among others, so that only its own words name it. */
function isWhole({ head, part }: NamedPart): boolean {
  return head.kind !== 'qa' && head.parts[0]?.key === part.key;
}

function pathsOf(named: NamedPart): readonly string[] {
  const { document, path, kind } = named.head;
  if (kind === 'qa') return [document];
  return isWhole(named) ? [path, document] : [];
}

function fileNamesOf(named: NamedPart): readonly string[] {
  return isWhole(named) ? [named.head.path.slice(named.head.path.lastIndexOf('/') + 1)] : [];
}

function titlesOf({ head, part }: NamedPart): readonly string[] {
  if (head.parts[0]?.key === part.key) return [head.title, part.title];
  return part.title === head.title ? [] : [part.title];
}

function linksOf(named: NamedPart): readonly string[] {
  return isWhole(named) && named.head.url !== null ? [named.head.url] : [];
}

function linkKey(name: string): string {
  return /^https?:\/\//i.test(name.trim()) ? name.trim().replace(/#.*$/, '').replace(/\/+$/, '') : '';
}

function keys(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.normalize('NFC').replace(/\s+/g, ' ').trim()))].filter((name) => name !== '');
}

const ending = /\.(?:md|mdx|markdown|txt|html?)$/i;

function withoutEnding(name: string): string {
  return name.trim().replace(ending, '');
}

/** SiteGPT's own client takes these out of names, and ends them at 100 characters [sitegpt: public P12]. */
const barred = /[\\/<>:"|?*\u0000-\u001f\u007f]/g;
const longest = 100;

/** The name without what vendors take out of one, blanks among it: as it would be in full, and as it would be cut. */
function squeezed(name: string): readonly string[] {
  const clean = name.normalize('NFC').replace(barred, '');
  return [clean, clean.slice(0, longest)].map((each) => withoutEnding(each).replace(/\s+/g, ''));
}
