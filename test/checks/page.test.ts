import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '../..')

function textsIn(folder: string, ending: string): string {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => readFileSync(join(root, folder, file), 'utf8'))
    .join('\n')
}

function all(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, code = '']) => code))].sort()
}

const made = all(textsIn('src/checks', '.ts'), /code: '([a-z-]+)'/g)

describe('docs/doctor.md', () => {
  it('explains every finding there is, and none that there is not', () => {
    const page = readFileSync(join(root, 'docs/doctor.md'), 'utf8')
    assert.ok(made.length > 30)
    assert.deepEqual(all(page, /^\| `([a-z-]+)` \| (?:error|warning|note)/gm), made)
  })
})

describe('each finding', () => {
  it('is looked for by a test', () => {
    const tests = textsIn('test/checks', '.test.ts')
    assert.deepEqual(
      made.filter((code) => !tests.includes(code)),
      [],
    )
  })
})
