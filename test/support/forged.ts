/** The link with another last character: a token of the right format with a wrong signature. */
export function forged(link: string): string {
  return link.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
}
