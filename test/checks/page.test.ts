import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { slugOf } from '../../docs/.vitepress/slug.js'
import { helpFor } from '../../src/help.js'

const root = join(import.meta.dirname, '../..')

function textsIn(folder: string, ending: string): string {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => readFileSync(join(root, folder, file), 'utf8'))
    .join('\n')
}

function all(text: string, ...patterns: readonly RegExp[]): string[] {
  const found = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code = '']) => code))
  return [...new Set(found)].sort()
}

/** What is reported as a finding, or emitted as a warning, anywhere. */
const reported = all(
  textsIn('src', '.ts'),
  /\b(?:finding|report|look\.report|warn|warnOfUnsent)\(\s*'([A-Z_]+)'/g,
  /\bnotSentCode: '([A-Z_]+)'/g,
)

describe('docs/doctor.md', () => {
  it('explains every finding and warning, and no other code', () => {
    const page = readFileSync(join(root, 'docs/doctor.md'), 'utf8')
    assert.ok(reported.length > 40)
    assert.deepEqual(all(page, /^### ([A-Z_]+)$/gm), reported)
  })

  it('is the page that the address of a finding names in the installed package', () => {
    const { name, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly name: string
      readonly files: readonly string[]
    }
    const page = readFileSync(join(root, 'docs/doctor.md'), 'utf8')
    const anchors = all(page, /^#+ (.+)$/gm).map(slugOf)
    for (const code of reported) {
      const [file, anchor = ''] = helpFor(code).split('#')
      assert.ok(files.some((each) => `node_modules/${name}/${each}` === file))
      assert.ok(anchors.includes(anchor), code)
    }
  })
})

describe('each finding', () => {
  it('each code occurs in a test', () => {
    const tests = textsIn('test', '.ts')
    const untested = reported.filter((code) => !tests.includes(code))
    assert.deepEqual(untested, [])
  })

  it('every run-time check can be turned off by its code', () => {
    const codes = all(textsIn('src/checks/runtime', '.ts'), /\b(?:look\.)?report\(\s*'([A-Z_]+)'/g)
    const known = all(textsIn('src/checks/runtime', 'mistakes.ts'), /^ {2}([A-Z_]+): \{$/gm)
    assert.deepEqual(known, codes)
  })
})
