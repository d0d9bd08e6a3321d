import type { MergeConflictRows } from 'passport-ephemeral'
import { Todo } from './models.js'

/** Resolves a to-do that is on both lists: keeps the account's row, done if either row was done. */
export async function keepDone({ guest, account, transaction }: MergeConflictRows): Promise<'keep-account'> {
  if (guest instanceof Todo && guest.done) await account.update({ done: true }, { transaction })
  return 'keep-account'
}
