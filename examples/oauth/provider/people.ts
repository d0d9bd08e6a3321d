/** A person with an account at Example ID, with the claims that it sends. */
export interface Person {
  /** The stable identifier of the account. */
  readonly sub: string
  readonly preferred_username: string
  readonly email: string
  readonly email_verified: boolean
}

export const PEOPLE: readonly Person[] = [
  { sub: 'p-1001', preferred_username: 'fred', email: 'fred@example.com', email_verified: true },
  { sub: 'p-1002', preferred_username: 'ginger', email: 'ginger@example.com', email_verified: true },
  // Another person called Fred, with an unverified address.
  { sub: 'p-1003', preferred_username: 'fred', email: 'ginger@example.com', email_verified: false },
]
