/** The repository's files, for links that lead out of `docs/`. */
const FILES = 'https://github.com/passport-ephemeral/passport-ephemeral/blob/main/'

/** Pages of `docs/` that are in the repository only. */
const CONTRIBUTORS = /^(design\.md|decisions\/)/

/**
 * Where a link of a page leads on the site. The README is the site's first page, and files outside `docs/` are in the
 * repository.
 */
export function siteLink(href: string, page: string): string {
  if (/^[a-z]+:|^#|^\//i.test(href)) return href
  const path = new URL(href, page === 'index.md' ? 'site:/' : 'site:/docs/').href.slice('site:/'.length)
  if (path.startsWith('README.md')) return path.replace('README.md', '/')
  const inDocs = path.startsWith('docs/') ? path.slice('docs/'.length) : undefined
  if (inDocs === undefined) return FILES + path
  return CONTRIBUTORS.test(inDocs) ? FILES + path : `./${inDocs}`
}

/** What is used of a token of markdown-it. */
interface Token {
  readonly children: readonly Token[] | null
  attrGet: (name: string) => string | null
  attrSet: (name: string, value: string) => void
}

/** What is used of the renderer of VitePress. */
interface Renderer {
  readonly core: {
    readonly ruler: {
      push: (
        name: string,
        rule: (page: {
          readonly tokens: readonly Token[]
          readonly env: { readonly relativePath: string }
        }) => void,
      ) => void
    }
  }
}

/** Rewrites the links and pictures of every page for the site. */
export function linksOfSite(md: Renderer): void {
  md.core.ruler.push('links-of-site', ({ tokens, env: { relativePath } }) => {
    if (relativePath.startsWith('api/')) return
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      for (const name of ['href', 'src']) {
        const address = token.attrGet(name)
        if (address !== null) token.attrSet(name, siteLink(address, relativePath))
      }
    }
  })
}
