import { describe, expect, it } from 'vitest';
import { textFor } from '../../src/content/render.ts';
import { folderWith, scanOf, told } from './folder.ts';

const variables = { product: 'Acme', 'support.mail': 'help@acme.example', empty: '' };

async function look(files: Record<string, string>, settings: Parameters<typeof scanOf>[1] = {}) {
  const scan = await scanOf(folderWith(files), { ...settings, content: { variables, include: ['**/*'], ...settings.content } });
  const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support' } as const;
  const texts = await Promise.all(scan.documents.map(async (document) => (await textFor(scan, document, options)).text));
  return { scan, texts, told: told(scan) };
}

const textOf = async (text: string, path = 'a.md') => (await look({ [path]: text })).texts[0];

describe('variables', () => {
  it.each([
    ['{{ product }} is good: {{product}}, {{  support.mail  }}.', 'Acme is good: Acme, help@acme.example.'],
    ['{{ empty }}nothing', 'nothing'],
    ['in `{{ product }}` and\n\n```\n{{ product }} {{ unknown }}\n```', 'in `Acme` and\n\n```\nAcme {{ unknown }}\n```'],
    [
      '\\{{ unknown }} ${{ unknown }} {{{ unknown }}} {{< unknown >}} {{% x %}} `{{ $x }}` \\{{ a b }} {{ }}',
      '\\{{ unknown }} ${{ unknown }} {{{ unknown }}} {{< unknown >}} {{% x %}} `{{ $x }}` \\{{ a b }} {{ }}',
    ],
    ['[home]({{product}}/x) and <a href="{{ product }}">x</a>', '[home](Acme/x) and <a href="Acme">x</a>'],
  ])('%j', async (text, expected) => {
    expect(await textOf(text)).toBe(expected);
  });

  it('in MDX, HTML and plain text', async () => {
    expect(await textOf('Mail {{ support.mail }} <b style={{ color }}>now</b>', 'a.mdx')).toBe('Mail help@acme.example <b>now</b>');
    expect(await textOf('<p>{{ product }} <code>{{ unknown }}</code></p>', 'a.html')).toBe('<p>Acme <code>{{ unknown }}</code></p>');
    expect(await textOf('{{ product }} plain', 'a.txt')).toBe('Acme plain');
  });

  it('in titles, questions and answers; ids keep the words as written', async () => {
    const { scan, texts } = await look({
      'a.md': '---\nkb:\n  faq: [{ q: "What is {{ product }}?", a: "{{ product }} it is." }]\n---\n# About {{ product }}\n\nText.',
      'b.md': '---\ntitle: All of {{ product }}\n---\nx',
    });
    expect(scan.documents.map(({ id, title }) => [id, title])).toEqual([
      ['a.md', 'About Acme'],
      ['a.md#qa-what-is-product', 'What is Acme?'],
      ['b.md', 'All of Acme'],
    ]);
    expect(texts[1]).toBe('Acme it is.');
  });

  it('a name without a value is an error with file, line and column, wherever it stands', async () => {
    const { told: lines, scan } = await look({
      'a.md': '---\ntitle: T\n---\n\nOne.\n\nTwo {{ prodct }} {{ other }}.',
      'b.md': '---\ntitle: The {{ nothing }}\nkb:\n  faq:\n    - q: Why {{ none }}?\n      a: Because {{ nil }}.\n---\nx',
      'c.md': 'fine',
    });
    expect(lines).toEqual([
      'error a.md:7 the variable {{ prodct }} has no value; did you mean "product"?',
      'error a.md:7 the variable {{ other }} has no value; set content.variables.other, or write \\{{ other }} where the braces are meant',
      expect.stringContaining('error b.md:2 the variable {{ nothing }}'),
      expect.stringContaining('error b.md:5 the variable {{ none }}'),
      expect.stringContaining('error b.md:6 the variable {{ nil }}'),
    ]);
    expect(scan.documents.map((document) => document.id)).toEqual(['c.md']);
    expect(scan.problems[0]).toMatchObject({ line: 7, column: 5 });
  });

  it.each(['a . b', 'a|upper', 'b c', '$x', 'product ()', '#if product'])('what is no name is told as well: {{ %s }}', async (inside) => {
    const { told: lines, texts } = await look({
      'a.md': `# T\n\nOne {{ ${inside} }} two.`,
      'b.md': `---\ntitle: "T {{${inside}}}"\n---\nx`,
      'c.md': `\`{{ ${inside} }}\` and {{ product }}`,
    });
    expect(lines).toEqual([
      expect.stringContaining(`error a.md:3 {{ ${inside} }} is no name of a variable`),
      expect.stringContaining(`error b.md:2 {{ ${inside} }} is no name of a variable`),
    ]);
    expect(texts).toEqual([`\`{{ ${inside} }}\` and Acme`]);
    expect((await look({ 'a.md': `One {{ ${inside} }} two.` }, { content: { variables: {} } })).told).toEqual([]);
  });

  it('how severe that is can be set', async () => {
    const files = { 'a.md': '{{ nothing }} here' };
    expect((await look(files, { content: { lint: { 'undefined-variable': 'off' } } })).told).toEqual([]);
    const warned = await look(files, { content: { lint: { 'undefined-variable': 'warning' } } });
    expect(warned.told).toEqual([expect.stringContaining('warning a.md:1 the variable {{ nothing }} has no value')]);
    expect(warned.texts).toEqual(['{{ nothing }} here']);
  });
});
