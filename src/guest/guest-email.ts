/**
 * An e-mail address for a guest, where the users table wants one: `<username>@guest.invalid`. No mail ever goes there
 * (RFC 2606 §2), and as one username is like no other, no two guests have the same. What an address cannot hold is written
 * as `=` and the hexadecimal of its UTF-8.
 */
export function guestEmail(username: string): string {
  const local = username.replace(
    /[^A-Za-z0-9_-]/gu,
    (character) => `=${Buffer.from(character).toString('hex')}`,
  )
  return `${local}@guest.invalid`
}
