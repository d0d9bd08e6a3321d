/**
 * An address as a path of this site: always with exactly one slash in front and no backslash or control character, so
 * that a browser cannot read it as another site.
 *
 * A request line may name any path or even another origin (`GET //evil.test/`, `GET http://evil.test/`, RFC 9112
 * §3.2.2).
 */
export function localPath(address: string): string {
  const withoutOrigin = address.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const safe = withoutOrigin.replace(
    // eslint-disable-next-line no-control-regex -- the characters that browsers drop or fold when they read a URL
    /[\\\u0000-\u0020\u007f]/g,
    (character) => encodeURIComponent(character),
  )
  return '/' + safe.replace(/^\/+/, '')
}

/** Whether a text that came from outside can be followed as it is: a path of this site, and nothing else. */
export function isLocalPath(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text === localPath(text)
}
