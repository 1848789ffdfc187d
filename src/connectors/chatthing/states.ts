// What Chat Thing's four state words mean for us; an unknown word means that we do not know yet [assumed].
import type { TrainingState } from '../../model/record.ts';
import type { ChatthingOptions } from './options.ts';

/** One row's state as training; null: it says nothing. */
export function rowTraining(state: string, { trustRowState }: ChatthingOptions): TrainingState | null {
  switch (state) {
    case 'synced':
      return trustRowState ? 'trained' : null;
    case 'syncing':
      return 'training';
    case 'sync_error':
      return 'failed';
    case 'not_synced':
      return 'pending';
    default:
      return null;
  }
}
