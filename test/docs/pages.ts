import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeBlocks, type CodeBlock } from './markdown.js'

export const root = join(import.meta.dirname, '../..')

/** A page for users: the README, or a page of `docs/`. */
export interface Page {
  /** Its path in the repository. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly CodeBlock[]
}

/** Every page for users. `docs/design.md` is for contributors, and `docs/index.md` shows the README on the site. */
export const pages: readonly Page[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md') && !['design.md', 'index.md'].includes(file))
    .map((file) => `docs/${file}`),
].map(readPage)

function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8')
  return { path, text, blocks: codeBlocks(text) }
}

/** A page by its path in the repository. */
export function pageAt(path: string): Page {
  const page = pages.find((each) => each.path === path)
  if (page === undefined) throw new Error(`There is no page ${path}`)
  return page
}
