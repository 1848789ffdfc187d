// docs/architecture.md, enforced: who may import whom, one file a package, where clock, chance and disk may be touched, and how files open.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { registry } from '../src/connectors/registry.ts';
import {
  type Allowed,
  areaOf,
  importBreaches,
  importsOf,
  longFiles,
  packageBreaches,
  packagesLoadedBy,
  patternBreaches,
  registryBreaches,
  type Sources,
  silentFiles,
} from './support/architecture-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources: Sources = new Map(
  readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => [path, readFileSync(`${root}${path}`, 'utf8')]),
);

/** Values know nothing, stages know values, the cycle knows stages, only the workspace knows vendors. */
const mayImport: { readonly [area: string]: Allowed } = {
  model: { values: [] },
  config: { values: ['model'] },
  content: { values: ['model'] },
  state: { values: ['model'] },
  source: { values: ['model', 'state'] },
  plan: { values: ['model'], types: ['connectors/connector'] },
  'connectors/connector': { values: ['model'] },
  'connectors/emulator': { values: ['model'] },
  'connectors/<vendor>': { values: ['connectors/connector', 'model'] },
  // Never its own connector's files: it must not share our misunderstandings.
  'connectors/<vendor>/emulator': { values: ['connectors/emulator', 'model'] },
  // What the authors of other connectors build on.
  'connectors/public': { values: ['connectors/connector', 'model'] },
  'connectors/third-party': { values: ['model'], types: ['connectors/connector'] },
  'connectors/registry': {
    values: [
      'connectors/<vendor>',
      'connectors/<vendor>/emulator',
      'connectors/connector',
      'connectors/emulator',
      'connectors/third-party',
      'model',
    ],
  },
  transport: { values: ['model'], types: ['connectors/connector'] },
  // `capabilitiesOf` is the one function of the contract that stages call.
  push: { values: ['model', 'connectors/connector'], types: ['state'] },
  training: { values: ['model', 'connectors/connector'], types: ['state'] },
  verify: { values: ['model'], types: ['connectors/connector', 'state'] },
  cycle: { values: ['model', 'content', 'plan', 'push', 'training', 'verify', 'connectors/connector'], types: ['state'] },
  'cycle.ts': { values: ['cycle', 'model', 'content', 'plan', 'push', 'training', 'verify'], types: ['connectors/connector', 'state'] },
  status: { values: ['model'], types: ['state'] },
  sandbox: { values: ['model'], types: ['connectors/emulator'] },
  // What a step of a pipeline tells: pages, marks, comments. It speaks to GitHub and GitLab in requests that the CLI sends.
  ci: { values: ['model', 'plan'], types: ['connectors/connector'] },
  // What init finds and writes: it knows the words of the configuration and of front matter, and no vendor.
  setup: { values: ['model', 'config', 'content'] },
  // Published: a bench is the real wire and the real engine around an emulator.
  testkit: {
    values: ['model', 'connectors/connector', 'connectors/emulator', 'sandbox', 'transport', 'cycle', 'cycle.ts', 'state'],
    types: ['push', 'content'],
  },
  daemon: {
    // Of plan only escape.ts: what comes from a vendor or a file is made visible before it is printed.
    values: ['model', 'cycle', 'cycle.ts', 'content', 'plan', 'status', 'training', 'connectors/connector', 'state'],
    types: ['workspace.ts', 'config', 'source'],
  },
  workspace: {
    values: ['model', 'config', 'sandbox', 'transport', 'source', 'state', 'connectors/registry', 'connectors/connector'],
    types: ['cycle', 'connectors/emulator', 'workspace.ts'],
  },
  'workspace.ts': {
    values: ['model', 'config', 'cycle', 'state', 'sandbox', 'source', 'workspace', 'connectors/registry'],
    types: ['transport', 'connectors/connector'],
  },
  // Looks at everything and changes nothing: it may ask each of them, and only the command line asks it.
  doctor: {
    values: [
      'model',
      'config',
      'content',
      'cycle',
      'daemon',
      'plan',
      'setup',
      'state',
      'status',
      'transport',
      'workspace',
      'connectors/connector',
    ],
    types: ['workspace.ts'],
  },
  cli: {
    values: [
      'model',
      'ci',
      'config',
      'content',
      'cycle',
      'cycle.ts',
      'daemon',
      'doctor',
      'plan',
      'push',
      'sandbox',
      'setup',
      'status',
      'training',
      // Only the one HTTP client, for `ci`.
      'transport',
      'verify',
      'workspace',
      'workspace.ts',
    ],
    types: ['connectors/connector', 'state'],
  },
  'main.ts': { values: ['cli', 'model'] },
};

/** Each package is wrapped in one place. zod describes options where they are declared; hono is the status server's. */
const homes: { readonly [name: string]: readonly string[] } = {
  '@secretlint/secretlint-rule-preset-recommend': ['src/content/lint-secrets.ts'],
  '@secretlint/types': ['src/content/lint-secrets.ts'],
  chokidar: ['src/content/watch.ts'],
  commander: ['src/main.ts'],
  got: ['src/transport/http.ts'],
  'gray-matter': ['src/content/front-matter.ts'],
  'smol-toml': ['src/content/front-matter.ts'],
  yaml: ['src/content/front-matter.ts', 'src/config/tree.ts'],
  ignore: ['src/content/ignore.ts'],
  picomatch: ['src/content/ignore.ts'],
  // Types of the two trees that the formats are read into, and what stands between their offsets and the stage.
  mdast: ['src/content/formats/', 'src/content/outline.ts'],
  hast: ['src/content/formats/', 'src/content/links.ts'],
  // Each grammar is loaded where its trees are made: Markdown alone, with directives, with MDX.
  'mdast-util-from-markdown': ['src/content/formats/markdown.ts', 'src/content/formats/containers.ts', 'src/content/formats/mdx.ts'],
  'mdast-util-gfm': ['src/content/formats/markdown.ts', 'src/content/formats/mdx.ts', 'src/content/formats/output.ts'],
  'micromark-extension-gfm': ['src/content/formats/markdown.ts', 'src/content/formats/mdx.ts'],
  'mdast-util-directive': ['src/content/formats/containers.ts'],
  'micromark-extension-directive': ['src/content/formats/containers.ts'],
  'mdast-util-mdx': ['src/content/formats/mdx.ts', 'src/content/formats/mdx-elements.ts'],
  'mdast-util-math': ['src/content/formats/math.ts'],
  'micromark-extension-math': ['src/content/formats/math.ts'],
  'micromark-extension-mdxjs': ['src/content/formats/mdx.ts'],
  'mdast-util-to-hast': ['src/content/formats/output.ts'],
  'mdast-util-to-markdown': ['src/content/formats/output.ts'],
  'hast-util-to-mdast': ['src/content/formats/output.ts'],
  'hast-util-from-html': ['src/content/formats/html.ts'],
  'hast-util-to-html': ['src/content/formats/html.ts'],
  'hast-util-to-text': ['src/content/formats/html.ts'],
  'mdast-util-to-string': ['src/content/excerpt.ts'],
  // Optional ones, loaded only where such a file is there.
  unpdf: ['src/content/formats/extract.ts'],
  mammoth: ['src/content/formats/extract.ts'],
  'https-proxy-agent': ['src/transport/proxy.ts'],
  lowdb: ['src/state/store.ts'],
  minisearch: ['src/sandbox/retrieval.ts'],
  'node-cron': ['src/daemon/schedule.ts'],
  pino: ['src/cli/log.ts'],
  'p-queue': ['src/transport/limit.ts'],
  hono: ['src/status/'],
  '@hono/node-server': ['src/status/'],
  zod: ['src/config/', 'src/connectors/'],
};

const clockAndChance = /\bDate\.now\b|\bMath\.random\b|\bnew Date\(\)|\bperformance\.now\b/;
/** Where the real clock and real chance come in: the wiring, the faces, and defaults of what is handed in. */
const clockPlaces = [
  'src/workspace.ts', // defaults of what is handed in
  'src/cli/', // faces: how long a command took, how long ago something was
  'src/content/watch.ts', // default of its timers
  'src/daemon/loop.ts', // default of its timers
  'src/daemon/schedule.ts', // default of its clock
  'src/sandbox/server.ts', // default of its system
  'src/status/page-assets.ts', // a script for the browser, in a text
];

const disk = /from 'node:fs(?:\/promises)?'/;
/** Writing what must survive is state/disk.ts's alone; the others read, or keep what may be lost. */
const diskPlaces = [
  'src/state/disk.ts',
  'src/state/process-probe.ts', // reads /proc
  'src/content/disk.ts', // the content folder, never written
  'src/content/watch.ts', // looks at the root
  'src/content/revision.ts', // whether git has anything to tell
  'src/config/load.ts', // reads the configuration
  'src/sandbox/store.ts', // what emulated bots hold
  'src/sandbox/folder.ts', // its folder
  'src/sandbox/claim.ts', // who serves the sandbox
  'src/cli/invocation.ts', // reads package.json
  'src/cli/plan.ts', // --out
  'src/cli/sync.ts', // --plan
  'src/cli/watch.ts', // docs/openapi.yaml
  'src/cli/verify.ts', // --junit, --baseline, --record
  'src/cli/sandbox.ts', // looks for the state folder
  'src/cli/ci.ts', // reads the event, makes the folder of its files
  'src/cli/ci-run.ts', // looks for the files that commands made
  'src/cli/ci-tell.ts', // summary, outputs and reports, for the CI system
  'src/cli/init-check.ts', // reads .env beside a configuration that is not written yet
  'src/cli/doctor.ts', // --bundle
  'src/doctor/system.ts', // looks at folders, files and mounts
  'src/setup/disk.ts', // init's new files
  'src/daemon/handover.ts', // the socket's file
  'src/source/git-clone.ts', // a clone, which can be had again
  'src/source/state-folder.ts', // old copies of it
  'src/source/state-remote.ts', // git's objects, for the time of a run
];

const environment = /\bprocess\.env\b/;
/** revision.ts: whether git, which is given the same one, is told of a repository there. */
const environmentPlaces = ['src/main.ts', 'src/transport/http.ts', 'src/content/revision.ts'];

const loose = /^(?:let|var) /;
/** main.ts holds the exit code; page-assets.ts is a script for the browser, in a text. */
const loosePlaces = ['src/main.ts', 'src/status/page-assets.ts'];

/** Longer than 400 lines, with the reason. */
const excused: readonly string[] = [
  'src/main.ts', // one block of options a command, and nothing else
];

const linksFrom = (file: string): string => `${file.startsWith('src/cli/') ? '..' : '.'}/content/links.ts`;

const planted = (path: string, text: string): Sources => new Map([[path, text]]);

describe('who imports whom', () => {
  it('is as the table says', () => {
    expect(sources.size).toBeGreaterThan(100);
    expect(importBreaches(sources, mayImport)).toEqual([]);
  });

  it('names every area of the tree, and none that is not there', () => {
    const areas = new Set([...sources.keys()].map(areaOf));
    expect([...areas].filter((area) => mayImport[area] === undefined)).toEqual([]);
    expect(Object.keys(mayImport).filter((area) => !areas.has(area))).toEqual([]);
  });

  it.each(['src/workspace.ts', 'src/cli/status.ts', 'src/cli/sync.ts', 'src/cli/plan.ts', 'src/cli/todo.ts', 'src/cli/show.ts'])(
    '%s loads no parser of documents and no HTTP client before there is something to parse or to ask',
    (file) => {
      const late = /^(?:mdast|micromark|hast|got$|gray-matter|pino|chokidar|hono|@secretlint)/;
      expect([...packagesLoadedBy(sources, file)].filter((name) => late.test(name))).toEqual([]);
      const eager = new Map([...sources, [file, `${sources.get(file) ?? ''}\nimport { linksIn } from '${linksFrom(file)}';\n`]]);
      expect(packagesLoadedBy(eager, file).has('mdast-util-from-markdown')).toBe(true);
    },
  );

  it('docs/architecture.md has a row for every stage and face, and names no file that is not there', () => {
    const page = readFileSync(`${root}docs/architecture.md`, 'utf8');
    const firstCells = page.split('\n').flatMap((line) => (/^\| `/.test(line) ? [line.split('|')[1] ?? ''] : []));
    const folders = Object.keys(mayImport).filter((area) => /^[a-z]+$/.test(area));
    expect(folders.filter((area) => !firstCells.some((cell) => cell.includes(`\`${area}\``)))).toEqual([]);
    const named = [...page.matchAll(/`([a-z-]+(?:\/[a-z-]+)+\.ts)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !['src/', '', 'test/'].some((folder) => existsSync(`${root}${folder}${path}`)))).toEqual([]);
  });

  it.each([
    ['src/model/x.ts', `import { y } from '../plan/y.ts';`],
    ['src/plan/x.ts', `import {\n  capabilitiesOf,\n} from '../connectors/connector.ts';`],
    ['src/plan/x.ts', `export { y } from '../state/y.ts';`],
    ['src/push/x.ts', `import type { Http } from '../transport/http.ts';`],
    ['src/cli/x.ts', `const { y } = await import('../connectors/registry.ts');`],
    ['src/cycle.ts', `import { registry } from './connectors/registry.ts';`],
    ['src/connectors/one/index.ts', `import { z } from '../two/schema.ts';`],
    ['src/connectors/one/index.ts', `import { z } from './emulator.ts';`],
    ['src/connectors/one/emulator.ts', `import { z } from './schema.ts';`],
    ['src/connectors/one/emulator-pages.ts', `import type { Tools } from '../connector.ts';`],
    ['src/status/x.ts', `import '../push/apply.ts';`],
    ['src/content/x.ts', `import { y } from './y.js';`],
    ['src/cli/x.ts', `import { y } from '../testkit/faults.ts';`],
    ['src/unknown/x.ts', `import { y } from '../model/y.ts';`],
  ])('would notice a breach in %s: %s', (path, text) => {
    expect(importBreaches(planted(path, text), mayImport)).toHaveLength(1);
  });

  it.each([
    ['src/plan/x.ts', `import type { Traits } from '../connectors/connector.ts';`],
    ['src/connectors/one/emulator.ts', `import { z } from './emulator-pages.ts';\nimport type { Json } from '../../model/json.ts';`],
    ['src/content/x.ts', `// import { y } from '../plan/y.ts' would be wrong\nimport { z } from './z.ts';`],
  ])('lets through what is allowed in %s', (path, text) => {
    expect(importBreaches(planted(path, text), mayImport)).toEqual([]);
  });

  it('reads every form of an import', () => {
    const text = [
      `import a, { type B } from './a.ts';`,
      `import type { C } from './c.ts';`,
      `import {`,
      `  d,`,
      `} from './d.ts';`,
      `export * from './e.ts';`,
      `export type { F } from './f.ts';`,
      `import './g.ts';`,
      `const h = await import('./h.ts');`,
      `type I = import('./i.ts').Name;`,
      `export const from = 'not an import';`,
      `// import('./j.ts')`,
    ].join('\n');
    const found = importsOf('src/x.ts', text).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' type' : ''}`);
    expect(found).toEqual(['./a.ts', './c.ts type', './d.ts', './e.ts', './f.ts type', './g.ts', './h.ts', './i.ts type']);
  });
});

describe('one file a package', () => {
  it('is kept', () => {
    expect(packageBreaches(sources, homes)).toEqual([]);
  });

  it('names every package that the program depends on, and no other', () => {
    type Names = Readonly<Record<string, string>>;
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      readonly dependencies: Names;
      readonly optionalDependencies: Names;
    };
    // @types/mdast and @types/hast stand for packages that are types alone.
    expect(
      Object.keys(homes)
        .filter((name) => name !== 'mdast' && name !== 'hast')
        .sort(),
    ).toEqual(Object.keys({ ...dependencies, ...optionalDependencies }).sort());
  });

  it.each([
    ['src/push/x.ts', `import got from 'got';`],
    ['src/connectors/one/index.ts', `import PQueue from 'p-queue';`],
    ['src/content/x.ts', `const { watch } = await import('chokidar');`],
    ['src/daemon/x.ts', `import { Hono } from 'hono/tiny';`],
    ['src/cli/x.ts', `import chalk from 'chalk';`],
  ])('would notice a breach in %s: %s', (path, text) => {
    expect(packageBreaches(planted(path, text), homes)).toHaveLength(1);
  });
});

describe('what arrives as an argument', () => {
  it('time and chance are touched only where listed', () => {
    expect(patternBreaches(sources, clockAndChance, clockPlaces)).toEqual([]);
    expect(patternBreaches(planted('src/plan/x.ts', 'const at = Date.now();'), clockAndChance, clockPlaces)).toHaveLength(1);
    expect(patternBreaches(planted('src/push/x.ts', 'const at = new Date().toISOString();'), clockAndChance, clockPlaces)).toHaveLength(1);
    expect(patternBreaches(planted('src/transport/x.ts', 'const wait = Math.random() * 5;'), clockAndChance, clockPlaces)).toHaveLength(1);
    expect(
      patternBreaches(planted('src/plan/x.ts', '// Date.now is not called here\nconst day = new Date(ms);'), clockAndChance, clockPlaces),
    ).toEqual([]);
  });

  it('the disk is touched only where listed', () => {
    expect(patternBreaches(sources, disk, diskPlaces)).toEqual([]);
    expect(patternBreaches(planted('src/push/x.ts', `import { writeFile } from 'node:fs/promises';`), disk, diskPlaces)).toHaveLength(1);
  });

  it('the environment is read only where listed', () => {
    expect(patternBreaches(sources, environment, environmentPlaces)).toEqual([]);
    expect(
      patternBreaches(planted('src/connectors/one/index.ts', `const key = process.env['KEY'];`), environment, environmentPlaces),
    ).toHaveLength(1);
  });

  it('the plan touches nothing of Node at all', () => {
    const plan: Sources = new Map([...sources].filter(([path]) => path.startsWith('src/plan/')));
    expect(patternBreaches(plan, /from 'node:/, [])).toEqual([]);
    expect(patternBreaches(planted('src/plan/x.ts', `import path from 'node:path';`), /from 'node:/, [])).toHaveLength(1);
  });

  it('no module keeps a variable', () => {
    expect(patternBreaches(sources, loose, loosePlaces)).toEqual([]);
    expect(patternBreaches(planted('src/plan/x.ts', 'let count = 0;'), loose, loosePlaces)).toHaveLength(1);
  });

  it('test files that share a process change nothing of it', () => {
    const config = readFileSync(`${root}vitest.config.ts`, 'utf8');
    const areas = [...(/^const pure = \[([^\]]+)\]/m.exec(config)?.[1] ?? '').matchAll(/'([a-z]+)'/g)].map(([, area = '']) => area);
    expect(areas).toContain('model');
    // Those that have a process of their own may.
    const apart = [...(/^const apart = \[([^\]]+)\]/m.exec(config)?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, file = '']) => file);
    expect(apart.filter((file) => !existsSync(`${root}${file}`))).toEqual([]);
    const shared = areas.flatMap((area) =>
      readdirSync(`${root}test/${area}`, { recursive: true, encoding: 'utf8' }).map((file) => `test/${area}/${file}`),
    );
    const changes = /\bvi\.(?:mock|stub|spyOn|useFake)|process\.(?:chdir|on|env\[[^\]]+\] =)|globalThis\.|content\/folder\.ts/;
    const texts: Sources = new Map(
      shared.filter((file) => file.endsWith('.ts') && !apart.includes(file)).map((file) => [file, readFileSync(`${root}${file}`, 'utf8')]),
    );
    expect(texts.size).toBeGreaterThan(60);
    expect(patternBreaches(texts, changes, [])).toEqual([]);
  });

  it('every listed place is still there', () => {
    const places = [clockPlaces, diskPlaces, environmentPlaces, loosePlaces, excused, ...Object.values(homes)].flat();
    expect(places.filter((place) => !existsSync(`${root}${place}`))).toEqual([]);
  });
});

describe('files', () => {
  it('the registry is the folders', () => {
    expect(registryBreaches(Object.keys(registry), sources)).toEqual([]);
    expect(registryBreaches(['one'], planted('src/connectors/two/index.ts', ''))).toHaveLength(2);
  });

  it('every folder of a vendor has a connector, an emulator, a schema and a README', () => {
    const needed = Object.keys(registry).flatMap((name) =>
      ['index.ts', 'emulator.ts', 'schema.ts', 'README.md'].map((file) => `src/connectors/${name}/${file}`),
    );
    expect(needed.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  });

  it('every file opens with what it owns', () => {
    expect(silentFiles(sources)).toEqual([]);
    expect(silentFiles(planted('src/x.ts', `import { y } from './y.ts';\n// late`))).toHaveLength(1);
    expect(silentFiles(planted('src/x.ts', '//\nexport const y = 1;'))).toHaveLength(1);
    expect(silentFiles(planted('src/x.ts', '#!/usr/bin/env node\n// Runs.\n'))).toEqual([]);
  });

  it('no file is longer than 400 lines', () => {
    expect(longFiles(sources, 400, excused)).toEqual([]);
    expect(longFiles(planted('src/x.ts', '\n'.repeat(401)), 400, excused)).toHaveLength(1);
  });

  it('exports have names', () => {
    expect(patternBreaches(sources, /^export default /, [])).toEqual([]);
    expect(patternBreaches(planted('src/x.ts', 'export default 1;'), /^export default /, [])).toHaveLength(1);
  });
});
