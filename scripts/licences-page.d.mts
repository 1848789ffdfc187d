// Types of licences-page.mjs, for the test.
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly optional: boolean;
}
export function installedPackages(root: URL): readonly InstalledPackage[];
export function unknownLicences(packages: readonly InstalledPackage[]): readonly InstalledPackage[];
export function licencesPage(packages: readonly InstalledPackage[]): string;
