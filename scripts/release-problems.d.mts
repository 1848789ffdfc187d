// Types of release-problems.mjs, for the test.
export function releaseProblems(
  tag: string,
  facts: {
    readonly version: string;
    readonly locked: string;
    readonly changelog: string;
    readonly repository?: string | null;
    readonly runsIn?: string | null;
  },
): readonly string[];
