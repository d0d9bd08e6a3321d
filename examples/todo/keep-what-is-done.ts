import type { MergeConflictRows } from 'passport-ephemeral'
import { Todo } from './models.js'

/** The same thing is on both lists: the account's line stays, and is done if either was. */
export async function keepWhatIsDone({
  guest,
  account,
  transaction,
}: MergeConflictRows): Promise<'keep-account'> {
  if (guest instanceof Todo && guest.done) await account.update({ done: true }, { transaction })
  return 'keep-account'
}
