const GUEST_ADDRESS = /^[\w=-]+@guest\.invalid$/

/**
 * An e-mail address for a guest, where the users table requires one: `<username>@guest.invalid`. Mail is never delivered
 * there (RFC 2606 §2). Usernames are unique, and so are these addresses. A character that an address cannot contain is
 * written as `=` and the hexadecimal of its UTF-8. An address of this kind, as the username of a users table that logs in by
 * address, is given back as it is.
 *
 * @example
 * createUser: ({ username, transaction }) =>
 *   User.create({ username, email: guestEmail(username), role: 'guest' }, { transaction })
 */
export function guestEmail(username: string): string {
  if (GUEST_ADDRESS.test(username)) return username
  const local = username.replace(
    /[^A-Za-z0-9_-]/gu,
    (character) => `=${Buffer.from(character).toString('hex')}`,
  )
  return `${local}@guest.invalid`
}
