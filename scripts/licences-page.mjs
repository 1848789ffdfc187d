// The packages that an installation of kbsync brings along, read off the lock file and the packages themselves, and the page that lists them.
import { existsSync, readFileSync } from 'node:fs';

/** SPDX names that ask for nothing but the notice that each package carries itself. */
const permissive = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Python-2.0',
  'Unlicense',
  'CC0-1.0',
  'MIT-0',
  'Zlib',
]);

/** Packages that state theirs vaguely, as their text reads. */
const read = new Map([['duck 0.1.12', 'BSD-2-Clause']]);

const json = (url) => JSON.parse(readFileSync(url, 'utf8'));

function licenceOf({ license, licenses }) {
  if (typeof license === 'string') return license;
  if (Array.isArray(licenses)) return licenses.map(({ type }) => type).join(' OR ');
  return license?.type ?? 'not stated';
}

/** Everything but what is for development alone, by name; `optional`: left out where a platform lacks it or `--omit=optional` is given. */
export function installedPackages(root) {
  const { packages } = json(new URL('package-lock.json', root));
  const found = new Map();
  for (const [path, { dev, devOptional, optional, version, link }] of Object.entries(packages)) {
    const name = path.split('node_modules/').at(-1);
    if (path === '' || dev === true || devOptional === true || link === true) continue;
    const file = new URL(`${path}/package.json`, root);
    // A package of another platform is not there; the lock file knows what it is.
    const licence = existsSync(file) ? licenceOf(json(file)) : (packages[path].license ?? 'not stated');
    found.set(`${name} ${version}`, {
      name,
      version,
      licence: read.get(`${name} ${version}`) ?? licence,
      optional: optional === true,
    });
  }
  return [...found.values()].sort((left, right) => (`${left.name} ${left.version}` < `${right.name} ${right.version}` ? -1 : 1));
}

/** Of "(MIT OR GPL-3.0)" one may choose; of "MIT AND X" both hold. */
function isPermissive(licence) {
  const plain = licence.replace(/[()]/g, '');
  return plain.split(' AND ').every((all) => all.split(' OR ').some((one) => permissive.has(one.trim())));
}

export function unknownLicences(packages) {
  return packages.filter(({ licence }) => !isPermissive(licence));
}

export function licencesPage(packages) {
  const counts = new Map();
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const total = [...counts].sort((left, right) => right[1] - left[1]).map(([licence, count]) => `${count} ${licence}`);
  return `# Licences

kbsync is MIT. Installing it brings along ${packages.length} packages, each with the text of its licence in its own folder below \`node_modules\`:
${total.join(', ')}.
Made by \`npm run licences\`; a test sees that it is whole.

| package | version | licence | |
|---|---|---|---|
${packages.map(({ name, version, licence, optional }) => `| ${name} | ${version} | ${licence} | ${optional ? 'optional' : ''} |`).join('\n')}
`;
}
