import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, normalize, posix } from 'node:path'
import { describe, test } from 'node:test'
import { siteLink } from '../../docs/.vitepress/links.js'
import { slugOf } from '../../docs/.vitepress/slug.js'
import * as errors from '../../src/errors.js'
import { EphemeralError } from '../../src/index.js'
import { helpFor } from '../../src/help.js'
import { pageAt, pages, root } from './pages.js'

/** The anchors of a page's headings, on GitHub and on the site. */
function anchorsOf(markdown: string): Set<string> {
  const headings = withoutBlocks(markdown).matchAll(/^#{1,6} (?<heading>.+)$/gm)
  return new Set([...headings].map(({ groups }) => slugOf((groups?.['heading'] ?? '').replaceAll('`', ''))))
}

const withoutBlocks = (markdown: string): string => markdown.replaceAll(/^```[^]*?^```/gm, '')

const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
const shipped = ['README.md', 'LICENSE', ...files]

interface Link {
  readonly page: string
  readonly path: string
  readonly anchor: string | undefined
}

/** The links of the pages to files, pictures and headings, with paths from the repository's root. */
const links: readonly Link[] = pages.flatMap(({ path: page, text }) =>
  [...withoutBlocks(text).matchAll(/\]\((?!https?:)(?<path>[^)#\s]*)(?:#(?<anchor>[^)\s]+))?\)/g)].map(
    ({ groups }) => {
      const path = groups?.['path'] ?? ''
      return {
        page,
        path: path === '' ? page : normalize(join(posix.dirname(page), path)),
        anchor: groups?.['anchor'],
      }
    },
  ),
)

describe('the links of the README and the docs', () => {
  test('lead to files of the repository, and to headings', () => {
    const broken = links.filter(({ path, anchor }) => {
      const file = join(root, path)
      if (!existsSync(file)) return true
      if (anchor === undefined) return false
      return statSync(file).isDirectory() || !anchorsOf(readFileSync(file, 'utf8')).has(anchor)
    })
    assert.ok(links.length > 100)
    assert.deepEqual(broken, [])
  })

  test('of a page in the package lead to files in the package, or to those that the README names as left out', () => {
    const leftOut = [
      'examples/',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'docs/design.md',
      'docs/decisions/',
      'docs/performance.md',
    ]
    const lost = links.filter(
      ({ page, path }) =>
        shipped.includes(page) && !shipped.includes(path) && !leftOut.some((each) => path.startsWith(each)),
    )
    assert.deepEqual(lost, [])
  })

  test('on the site, a file outside the pages is the repository’s, and the README is the first page', () => {
    const repository = 'https://github.com/passport-ephemeral/passport-ephemeral/blob/main/'
    assert.equal(siteLink('docs/guests.md#guards', 'index.md'), './guests.md#guards')
    assert.equal(siteLink('CONTRIBUTING.md', 'index.md'), `${repository}CONTRIBUTING.md`)
    assert.equal(siteLink('docs/design.md', 'index.md'), `${repository}docs/design.md`)
    assert.equal(siteLink('../README.md#try-it', 'get-started.md'), '/#try-it')
    assert.equal(siteLink('../examples/todo', 'recipes.md'), `${repository}examples/todo`)
    assert.equal(siteLink('security.md#the-link', 'visitors.md'), './security.md#the-link')
    for (const address of ['#guards', 'https://example.com/a', '/options']) {
      assert.equal(siteLink(address, 'guests.md'), address)
    }
  })
})

describe('the README', () => {
  test('has at most 150 lines', () => {
    assert.ok(pageAt('README.md').text.trimEnd().split('\n').length <= 150)
  })
})

describe('the address in the help of an error', () => {
  const classes = Object.values(errors).filter(
    (each): each is typeof EphemeralError =>
      typeof each === 'function' && each.prototype instanceof EphemeralError,
  )
  for (const { code, name } of classes) {
    test(`of ${name} is a section of a page in the package`, () => {
      const [path = '', anchor = ''] = helpFor(code, 'errors.md').split('#')
      const inPackage = path.replace('node_modules/passport-ephemeral/', '')
      assert.ok(shipped.includes(inPackage))
      assert.ok(anchorsOf(pageAt(inPackage).text).has(anchor))
    })
  }
})
