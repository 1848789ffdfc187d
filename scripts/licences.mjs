// What kbsync's package brings along when it is installed, with the licence of each: docs/licences.md, made anew. Fails on a licence that is
// not known to be permissive: then a person decides.
import { writeFileSync } from 'node:fs';
import { installedPackages, licencesPage, unknownLicences } from './licences-page.mjs';

const root = new URL('..', import.meta.url);
const packages = installedPackages(root);
const unknown = unknownLicences(packages);
for (const { name, version, licence } of unknown) console.error(`${name} ${version}: its licence is ${licence}`);
writeFileSync(new URL('docs/licences.md', root), licencesPage(packages));
console.log(`${packages.length} packages`);
process.exitCode = unknown.length === 0 ? 0 : 1;
