// `schema`: the JSON Schema of sync.config.yaml, for editors. Needs no configuration.
import { configJsonSchema } from '../config/schema.ts';
import { everyConnector } from '../workspace/vendors.ts';
import type { Invocation } from './invocation.ts';

/** Prints the schema; with --json on one line. Resolves to 0. */
export async function schema({ output }: Pick<Invocation, 'output'>): Promise<number> {
  const found = configJsonSchema(await everyConnector());
  output.answer(
    () => found,
    () => output.data(JSON.stringify(found, null, 2)),
  );
  return 0;
}
