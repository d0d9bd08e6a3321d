import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '../src')
const LONGEST_FILE = 250

const sources = new Map(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const),
)

/** The files of src that a file imports, types included. */
function importsOf(file: string): string[] {
  const text = sources.get(file) ?? ''
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)\.js'/g)].map(([, path = '']) =>
    relative(root, join(root, dirname(file), `${path}.ts`)),
  )
}

/** The first circle that is found from a file, as a path of files. */
function circleFrom(file: string, path: readonly string[], done: Set<string>): readonly string[] | undefined {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
  if (done.has(file)) return undefined
  for (const imported of importsOf(file)) {
    const circle = circleFrom(imported, [...path, file], done)
    if (circle !== undefined) return circle
  }
  done.add(file)
  return undefined
}

function filesWith(pattern: RegExp): string[] {
  return [...sources].filter(([, text]) => pattern.test(text)).map(([file]) => file)
}

/** The rules of docs/design.md, "The house", that a program can check. */
describe('src', () => {
  it('has no circle of imports, those of types included', () => {
    const done = new Set<string>()
    for (const file of sources.keys()) assert.equal(circleFrom(file, [], done)?.join(' → '), undefined)
  })

  it('asks for the dialect in one file only', () => {
    assert.deepEqual(filesWith(/getDialect\(/), ['database/dialect.ts'])
  })

  it('has no file of more than 250 lines', () => {
    const long = [...sources].filter(([, text]) => text.trimEnd().split('\n').length > LONGEST_FILE)
    assert.deepEqual(
      long.map(([file]) => file),
      [],
    )
  })

  it('has no import between src/visitor and src/guest', () => {
    for (const [half, other] of [
      ['visitor', 'guest'],
      ['guest', 'visitor'],
    ] as const) {
      const crossing = [...sources.keys()].filter(
        (file) =>
          file.startsWith(`${half}/`) && importsOf(file).some((imported) => imported.startsWith(`${other}/`)),
      )
      assert.deepEqual(crossing, [])
    }
  })

  it('has shared files that import neither src/visitor nor src/guest', () => {
    const shared = [...sources.keys()].filter((file) =>
      /^(http|pages|database)\/|^(errors|options)\.ts$/.test(file),
    )
    const upward = shared.filter((file) =>
      importsOf(file).some((imported) => /^(visitor|guest)\//.test(imported)),
    )
    assert.deepEqual(upward, [])
  })

  it('exports names from its entry points, without export *', () => {
    assert.deepEqual(filesWith(/^export \* /m), [])
  })
})
