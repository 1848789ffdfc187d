// Names for completion: those in the configuration's text, which is read and never filled in, and the documents that the state remembers.
import path from 'node:path';
import { configFileName } from '../config/load.ts';
import { createSecretSet } from '../config/secrets.ts';
import { type Mapping, parseTree, type Tree } from '../config/tree.ts';
import { projectFolder } from '../setup/disk.ts';
import { openWorkspace } from '../workspace.ts';

/** What stands in the configuration of a folder. */
export interface Known {
  readonly targets: readonly string[];
  readonly webhooks: readonly string[];
}

const mostBytes = 1024 * 1024;
const aName = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** The names in a configuration, also in one that is wrong elsewhere; empty where there is none. */
export function namesIn(config: string | null, cwd: string): Known {
  const file = path.resolve(cwd, config ?? configFileName);
  const text = projectFolder(path.dirname(file)).read(path.basename(file), mostBytes);
  if (text === null) return { targets: [], webhooks: [] };
  const { root } = parseTree(text.replace(/^\uFEFF/, ''));
  // Of a name that is made of a variable nothing is known, and nothing shall be.
  const named = (key: string) => itemsOf(root, key).flatMap((item) => textAt(item, 'name') ?? []);
  const webhooks = itemsOf(root, 'notify').map((item, at) => textAt(item, 'name') ?? `${textAt(item, 'kind') ?? 'json'}-${at + 1}`);
  return {
    targets: [...new Set(named('targets').filter((name) => aName.test(name)))],
    webhooks: webhooks.filter((name) => aName.test(name)),
  };
}

/** A folder has thousands: nobody reads more. */
const mostDocuments = 200;

/** Ids of documents that some bot of this configuration was given, and that begin so. Empty where the state or the configuration is at fault. */
export async function documentsIn(config: string | null, cwd: string, start: string): Promise<readonly string[]> {
  const secrets = createSecretSet();
  const workspace = await openWorkspace({ configFile: config, cwd, env: {}, version: '', secrets, onEvent: () => {} }).catch(() => null);
  if (workspace === null) return [];
  try {
    const found = new Set<string>();
    for (const { name } of workspace.config.targets) {
      const { records } = (await workspace.view(name).catch(() => null))?.state ?? { records: {} };
      for (const id of Object.keys(records)) if (id.startsWith(start) && secrets.redact(id) === id) found.add(id);
    }
    return [...found].sort().slice(0, mostDocuments);
  } finally {
    await workspace.close();
  }
}

function itemsOf(root: Tree, key: string): readonly Mapping[] {
  const value = root.kind === 'map' ? root.entries.find((entry) => entry.key === key)?.value : undefined;
  return value?.kind === 'list' ? value.items.flatMap((item) => (item.kind === 'map' ? [item] : [])) : [];
}

function textAt(item: Mapping, key: string): string | null {
  const value = item.entries.find((entry) => entry.key === key)?.value;
  return value?.kind === 'scalar' && value.source !== '' ? String(value.value ?? '') : null;
}
