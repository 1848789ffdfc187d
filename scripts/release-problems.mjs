// What keeps a tag from becoming a release, one sentence each; none: it may.

/**
 * `changelog`: "## [1.2.3] - 2026-01-31" heads the section of a release. `repository`: the address in package.json; `runsIn`: OWNER/NAME of the repository
 * that the release runs in, null where nobody says. npm refuses provenance where the two differ.
 */
export function releaseProblems(tag, { version, locked, changelog, repository = null, runsIn = null }) {
  const problems = [];
  const named = /github\.com[/:]([^/]+\/[^/]+?)(?:\.git)?$/i.exec(repository ?? '')?.[1] ?? null;
  if (runsIn !== null && named?.toLowerCase() !== runsIn.toLowerCase()) {
    const wanted = `"repository": { "type": "git", "url": "git+https://github.com/${runsIn}.git" }`;
    problems.push(`package.json names ${named === null ? 'no repository' : named}, and npm refuses provenance without this one: ${wanted}`);
  }
  if (tag !== `v${version}`) problems.push(`the tag is ${tag || 'not given'}, package.json says ${version}: the tag must be v${version}`);
  if (locked !== version) problems.push(`package-lock.json says ${locked}, package.json says ${version}: npm install --package-lock-only`);
  const section = changelog.split(/^## /m).find((part) => part.startsWith(`[${version}]`));
  if (section === undefined) problems.push(`CHANGELOG.md has no section [${version}]: say there what is new`);
  else if (!/^\[[^\]]+\] - \d{4}-\d{2}-\d{2}\s*$/m.test(section.split('\n')[0] ?? ''))
    problems.push(`CHANGELOG.md: the section [${version}] has no date (## [${version}] - YYYY-MM-DD)`);
  return problems;
}
