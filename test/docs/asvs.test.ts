import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pageAt, root } from './pages.js'

const { text } = pageAt('docs/asvs.md')
const rows = text.split('\n').filter((line) => /^\| \d/.test(line))
const cited = [...text.matchAll(/`(?<file>test\/[\w/.-]+\.test\.ts)`: “(?<title>[^”]+)”/g)].map(
  ({ groups }) => ({ file: groups?.['file'] ?? '', title: groups?.['title'] ?? '' }),
)

test('every test that the table of ASVS 5.0 cites exists, by its file and title', () => {
  assert(cited.length > 80)
  const missing = cited.filter(({ file, title }) => {
    const path = join(root, file)
    return !existsSync(path) || !readFileSync(path, 'utf8').replaceAll('\\u2019', '’').includes(title)
  })
  assert.deepEqual(missing, [])
})

test('every requirement of the table has three cells, and is there once', () => {
  for (const row of rows) assert.equal(row.split('|').length, 5, row)
  const names = rows.map((row) => row.split('|')[1]?.trim())
  assert.equal(new Set(names).size, names.length)
})

test('every requirement of the table has a test, or names what the application must do', () => {
  const proven = /`test\/|the application’s|the application's|does not apply|\]\(/
  assert.deepEqual(
    rows.filter((row) => !proven.test(row)),
    [],
  )
})
