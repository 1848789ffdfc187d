// What the code in an MDX file says in words, without running any of it: imported names, exported texts, strings between braces. Works on
// the tree that the parser gives (ESTree); what it does not understand is said to be unknown.

/** A node of the tree: what is read of it is checked where it is read. */
export interface Code {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** What a name stands for. props: the properties that a partial is given. */
export type Meaning =
  /** A Markdown or MDX file that is shown where the name is used as a component. */
  | { readonly kind: 'document'; readonly path: string }
  /** A file that is shown as it is. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'props'; readonly values: ReadonlyMap<string, string> }
  /** Something that is code. */
  | { readonly kind: 'other' };

export type Scope = ReadonlyMap<string, Meaning>;

/** Whatever an unknown thing of a tree is, as a node; null where it is none. */
export function codeOf(value: unknown): Code | null {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' ? (value as Code) : null;
}

function listOf(value: unknown): readonly Code[] {
  return Array.isArray(value) ? value.flatMap((item) => codeOf(item) ?? []) : [];
}

/** The names that imports and exports of a program give. */
export function namesOf(program: unknown): ReadonlyMap<string, Meaning> {
  const names = new Map<string, Meaning>();
  for (const statement of listOf(codeOf(program)?.['body'])) {
    if (statement.type === 'ImportDeclaration') importedNames(statement, names);
    else declaredNames(codeOf(statement['declaration']) ?? statement, names);
  }
  return names;
}

function importedNames(statement: Code, names: Map<string, Meaning>): void {
  const source = codeOf(statement['source'])?.['value'];
  if (typeof source !== 'string') return;
  for (const specifier of listOf(statement['specifiers'])) {
    const local = codeOf(specifier['local'])?.['name'];
    if (typeof local !== 'string') continue;
    const imported = codeOf(specifier['imported'])?.['name'];
    const whole = specifier.type === 'ImportDefaultSpecifier' || imported === 'Content';
    names.set(local, whole ? meaningOfImport(source) : { kind: 'other' });
  }
}

function meaningOfImport(source: string): Meaning {
  const raw = /^!!raw-loader!(.+)$/.exec(source)?.[1] ?? /^(.+)\?raw$/.exec(source)?.[1];
  if (raw !== undefined) return { kind: 'file', path: raw };
  return /\.(?:md|mdx|markdown)$/i.test(source) ? { kind: 'document', path: source } : { kind: 'other' };
}

function declaredNames(declaration: Code, names: Map<string, Meaning>): void {
  for (const one of declaration.type === 'VariableDeclaration' ? listOf(declaration['declarations']) : [declaration]) {
    const name = codeOf(one['id'])?.['name'];
    if (typeof name !== 'string') continue;
    const value = codeOf(one['init']) ?? codeOf(one['body']);
    const text = value === null ? null : (textOf(value, names) ?? spokenIn(value).words);
    names.set(name, text === null || text === '' ? { kind: 'other' } : { kind: 'text', text });
  }
}

/** What stands between braces in a text. */
export type Said =
  /** partial: between these words others would stand, which only code can say. */
  | { readonly kind: 'text'; readonly text: string; readonly partial?: true }
  | { readonly kind: 'file'; readonly path: string }
  /** A comment, or a value that shows nothing. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown' };

/** What the expression of a program says; `program` as the parser gives it for one pair of braces. */
export function said(program: unknown, scope: Scope): Said {
  const statement = listOf(codeOf(program)?.['body'])[0];
  if (statement === undefined) return { kind: 'nothing' };
  const expression = codeOf(statement['expression']);
  if (expression === null) return { kind: 'unknown' };
  if (expression.type === 'Identifier') {
    const meaning = scope.get(String(expression['name']));
    if (meaning?.kind === 'file') return meaning;
    if (expression['name'] === 'undefined') return { kind: 'nothing' };
  }
  if (expression.type === 'Literal' && (expression['value'] === null || typeof expression['value'] === 'boolean'))
    return { kind: 'nothing' };
  const text = textOf(expression, scope);
  if (text !== null) return { kind: 'text', text };
  const { words, hasHoles } = spokenIn(expression);
  if (words === '') return { kind: 'unknown' };
  return { kind: 'text', text: words, ...(hasHoles && { partial: true }) };
}

/**
 * The entries of a list that stands between braces: objects with the texts in them, and bare texts as `label`. Null where it is no such list.
 */
export function entriesSaid(program: unknown, scope: Scope): readonly ReadonlyMap<string, string>[] | null {
  const list = codeOf(codeOf(listOf(codeOf(program)?.['body'])[0])?.['expression']);
  if (list?.type !== 'ArrayExpression') return null;
  return listOf(list['elements']).map((element) => {
    if (element.type !== 'ObjectExpression') {
      const text = textOf(element, scope);
      return new Map(text === null ? [] : [['label', text]]);
    }
    const pairs = listOf(element['properties']).flatMap((property): readonly (readonly [string, string])[] => {
      const key = codeOf(property['key']);
      const value = codeOf(property['value']);
      const name = key?.type === 'Identifier' ? key['name'] : key?.['value'];
      const text = value === null ? null : textOf(value, scope);
      return typeof name === 'string' && text !== null ? [[name, text]] : [];
    });
    return new Map(pairs);
  });
}

/** The value of an expression that can be read off it; null where it would have to be run. */
function textOf(expression: Code, scope: Scope): string | null {
  switch (expression.type) {
    case 'Literal': {
      const { value } = expression;
      return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
    }
    case 'Identifier': {
      const meaning = scope.get(String(expression['name']));
      return meaning?.kind === 'text' ? meaning.text : null;
    }
    case 'CallExpression':
      return assetOf(expression);
    case 'MemberExpression': {
      const object = codeOf(expression['object']);
      // `require('./x.png').default`
      if (object?.type === 'CallExpression') return assetOf(object);
      const property = codeOf(expression['property']);
      const meaning = object?.type === 'Identifier' ? scope.get(String(object['name'])) : undefined;
      if (meaning?.kind !== 'props' || property?.type !== 'Identifier') return null;
      return meaning.values.get(String(property['name'])) ?? null;
    }
    case 'TemplateLiteral': {
      const values = listOf(expression['expressions']).map((one) => textOf(one, scope));
      const pieces = listOf(expression['quasis']).map(
        (one) => (one['value'] as { readonly cooked?: string | null } | undefined)?.cooked ?? '',
      );
      return values.includes(null) ? null : pieces.map((piece, index) => piece + (values[index] ?? '')).join('');
    }
    case 'BinaryExpression': {
      const sides = ['left', 'right'].map((side) => codeOf(expression[side])).map((one) => (one === null ? null : textOf(one, scope)));
      // Of two numbers it is a sum, which is not worked out here.
      const isSum = sides.every((side) => side !== null && side.trim() !== '' && Number.isFinite(Number(side)));
      return expression['operator'] === '+' && !sides.includes(null) && !isSum ? sides.join('') : null;
    }
    default:
      return null;
  }
}

/** The file that `require('./x.png')` or `useBaseUrl('/x.png')` names. */
function assetOf(call: Code): string | null {
  const callee = codeOf(call['callee'])?.['name'];
  const [first] = listOf(call['arguments']);
  if (callee !== 'require' && callee !== 'useBaseUrl') return null;
  return first?.type === 'Literal' && typeof first['value'] === 'string' ? first['value'] : null;
}

const maxNodes = 10_000;

/** The words of JSX within an expression: what a reader may see, whatever decides it; holes are what stands between them as code. */
function spokenIn(expression: Code): { readonly words: string; readonly hasHoles: boolean } {
  const words: string[] = [];
  let hasHoles = false;
  const stack: unknown[] = [expression];
  for (let count = 0; stack.length > 0 && count < maxNodes; count += 1) {
    const node = stack.pop();
    if (Array.isArray(node)) {
      stack.push(...[...node].reverse());
      continue;
    }
    const code = codeOf(node);
    if (code === null) continue;
    if (code.type === 'JSXText') words.push(String(code['value']));
    else if (code.type === 'JSXAttribute') continue;
    else if (code.type === 'JSXExpressionContainer') {
      const inner = codeOf(code['expression']);
      const text = inner === null ? null : textOf(inner, new Map());
      if (text !== null) words.push(text);
      else {
        hasHoles ||= inner !== null && inner.type !== 'JSXEmptyExpression' && spokenIn(inner).words === '';
        stack.push(inner);
      }
    } else {
      const children = Object.entries(code).filter(([name]) => !['loc', 'range', 'start', 'end', 'type'].includes(name));
      stack.push(...children.map(([, value]) => value).reverse());
    }
  }
  return { words: words.join(' ').replace(/\s+/g, ' ').trim(), hasHoles };
}
