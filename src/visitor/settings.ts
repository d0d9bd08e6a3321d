import type { TokenCodec } from './token.js'
import type { Visits } from './visits/visit.js'

/** The options of `defineVisitorModels` that the passes need. */
export interface VisitorSettings {
  readonly codec: TokenCodec
  readonly queryKey: string
  /** Seconds. */
  readonly tokenExpiry: number
  readonly preparedStatements: boolean
  readonly databaseName: string | undefined
  readonly anonymizeIp: boolean
  readonly visits: Visits
  /** Sessions from which on a link counts as shared. */
  readonly sharingThreshold: number
}
