/** The same link with another last character, whichever it had: a token of the right form that nobody signed. */
export function forged(link: string): string {
  return link.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
}
