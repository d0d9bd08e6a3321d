// Fails if a link or a picture of the built site leads to a page, a file or an anchor that is not there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import process from 'node:process'

const site = join(import.meta.dirname, 'dist')
const base = process.env['DOCS_BASE'] ?? '/'
const pages = new Map(
  readdirSync(site, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .map((file) => [file, readFileSync(join(site, file), 'utf8')] as const),
)
const anchors = new Map([...pages].map(([file, html]) => [file, new Set(all(html, /\sid="([^"]+)"/g))]))

function all(html: string, pattern: RegExp): string[] {
  return [...html.matchAll(pattern)].map(([, found = '']) => found.replaceAll('&amp;', '&'))
}

/** What is wrong with a link of a page, if anything is. */
function mistake(from: string, link: string): string | undefined {
  if (/^(https?|mailto|data):/.test(link)) return undefined
  const { pathname, hash } = new URL(link, `http://site${base}${from}`)
  if (!pathname.startsWith(base)) return 'is outside the site'
  const path = decodeURI(pathname.slice(base.length))
  const file = path === '' || path.endsWith('/') ? posix.join(path, 'index.html') : path
  if (!existsSync(join(site, file))) return 'leads nowhere'
  const ids = anchors.get(file)
  if (hash === '' || ids === undefined || ids.has(decodeURIComponent(hash.slice(1)))) return undefined
  return 'names an anchor that is not there'
}

const mistakes = [...pages].flatMap(([file, html]) =>
  [...new Set(all(html, /\s(?:href|src)="([^"]+)"/g))].flatMap((link) => {
    const found = mistake(file, link)
    return found === undefined ? [] : [`${file}: ${link} ${found}`]
  }),
)
for (const [file, html] of pages) {
  if (/<h\d id="[^"]*"[^>]*>\[/.test(html)) mistakes.push(`${file}: documents a symbol, which is internal`)
}
if (pages.size < 20) mistakes.push(`The site has only ${pages.size} pages`)
console.log(mistakes.length === 0 ? `Every link of ${pages.size} pages leads somewhere` : mistakes.join('\n'))
process.exitCode = mistakes.length === 0 ? 0 : 1
