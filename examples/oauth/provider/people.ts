/** Somebody with an account at Example ID, and what it says of them to whoever may ask. */
export interface Person {
  /** What it calls them, for ever. */
  readonly sub: string
  readonly preferred_username: string
  readonly email: string
  readonly email_verified: boolean
}

export const PEOPLE: readonly Person[] = [
  { sub: 'p-1001', preferred_username: 'fred', email: 'fred@example.com', email_verified: true },
  { sub: 'p-1002', preferred_username: 'ginger', email: 'ginger@example.com', email_verified: true },
  // Who else is called Fred, and has an address that nobody has verified.
  { sub: 'p-1003', preferred_username: 'fred', email: 'ginger@example.com', email_verified: false },
]
