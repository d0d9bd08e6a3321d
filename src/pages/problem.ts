import type { Messages } from './messages/catalog.js'

/** The stable codes of what can be wrong with a form; the words for them are in the catalog, below `errors`. */
export type ErrorCode = keyof Messages['errors']

/** What is wrong with a field, or with a whole form. */
export type Problem =
  | {
      readonly code: ErrorCode
      /** The longest or shortest that is allowed. */
      readonly limit?: number
    }
  /** In words of the application's own schema or model. */
  | { readonly text: string }

/** What a page shows of a problem. */
export interface ShownError {
  /** In words for people. */
  readonly error: string | undefined
  /** A key of the catalog's `errors`; `other` for words of the application's own. Stable, unlike the words. */
  readonly errorCode: ErrorCode | 'other' | undefined
}

export function showProblem(problem: Problem | undefined, { errors }: Pick<Messages, 'errors'>): ShownError {
  if (problem === undefined) return { error: undefined, errorCode: undefined }
  if ('text' in problem) return { error: problem.text, errorCode: 'other' }
  const word = errors[problem.code]
  return { error: typeof word === 'string' ? word : word(problem.limit ?? 0), errorCode: problem.code }
}
