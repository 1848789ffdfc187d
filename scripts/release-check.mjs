// Whether a tag may become a release: it is the version of package.json and of the lock file, and users can read what is new in it.
import { readFileSync } from 'node:fs';
import { releaseProblems } from './release-problems.mjs';

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const { version, repository } = JSON.parse(read('package.json'));
const problems = releaseProblems(process.argv[2] ?? '', {
  version,
  repository: typeof repository === 'string' ? repository : (repository?.url ?? null),
  runsIn: process.env.GITHUB_REPOSITORY || null,
  locked: JSON.parse(read('package-lock.json')).version,
  changelog: read('CHANGELOG.md'),
});
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
