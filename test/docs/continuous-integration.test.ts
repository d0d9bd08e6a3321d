import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { root } from './pages.js'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const workflow = read('.github/workflows/ci.yml')
const script = read('.ci/run')
const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }

/** The numbers that a pattern's only group finds, each once, ascending. */
function numbersIn(text: string, pattern: RegExp): number[] {
  const found = [...text.matchAll(pattern)].flatMap(([, numbers = '']) => numbers.split(','))
  return [...new Set(found.map(Number))].sort((one, other) => one - other)
}

describe('the versions of Node that CI tests', () => {
  const inScript = numbersIn(script, /\bon_node (\d+) .*npm run (?:suite|coverage)\b/g)

  test('are the same in .ci/run, each with the whole suite, and in the workflow’s matrix', () => {
    assert.ok(inScript.length > 1)
    assert.deepEqual(numbersIn(workflow, /matrix: \{ node: \[([\d, ]+)\] \}/g), inScript)
  })

  test('begin with the oldest that package.json allows, on which the workflow runs .ci/run', () => {
    const [oldest] = inScript
    assert.deepEqual(numbersIn(engines.node, /^>=(\d+)\./g), [oldest])
    assert.deepEqual(numbersIn(workflow, /image: 'node:(\d+)-/g), [oldest])
    assert.match(workflow, /run: bash \.ci\/run$/m)
  })
})
