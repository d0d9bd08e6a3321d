import { visitorSettings, type Visitor } from '../../visitor/visitor.js'

/** What becomes of whoever follows a pass's link now. */
export type PassState = 'open' | NonNullable<ReturnType<Visitor['invalidity']>>

/** A pass as the command line shows it. */
export interface DescribedPass {
  readonly id: number
  /** Left out where links carry bare UUIDs: it would be a token. */
  readonly uuid?: string
  readonly name: string
  readonly email: string
  readonly scope: string
  readonly state: PassState
  readonly uses: number
  readonly maxUses: number | null
  readonly selfService: boolean
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
}

/** Whether a pass's uuid by itself opens nothing, and may be shown. */
export function showsUuids(Passes: typeof Visitor): boolean {
  return !Passes[visitorSettings].codec.uuidIsToken
}

/** Name and address of a pass's holder, or the address alone. */
export function whoHolds({ fullName, email }: Pick<Visitor, 'fullName' | 'email'>): string {
  return fullName === '' ? email : `${fullName} <${email}>`
}

/** A pass for people and programs. */
export function describePass(Passes: typeof Visitor, pass: Visitor): DescribedPass {
  return {
    id: pass.id,
    ...(showsUuids(Passes) && { uuid: pass.uuid }),
    name: pass.fullName,
    email: pass.email,
    scope: pass.scope,
    state: pass.invalidity() ?? 'open',
    uses: pass.uses,
    maxUses: pass.maxUses,
    selfService: pass.selfService,
    createdAt: pass.createdAt,
    expiresAt: pass.expiresAt,
    lastUsedAt: pass.lastUsedAt,
  }
}
