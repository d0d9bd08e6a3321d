/** The anchor of a heading, as GitHub makes it, so that one link works there, in the package and on the site. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc}\s-]/gu, '')
    .replaceAll(/\s/g, '-')
}
