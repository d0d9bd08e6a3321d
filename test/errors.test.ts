import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { MISTAKES } from '../src/checks/runtime/mistakes.js'
import * as errors from '../src/errors.js'
import {
  EphemeralError,
  GuestRequired,
  InvalidOption,
  mergeGuest,
  VisitorAccessDenied,
} from '../src/index.js'
import { warn } from '../src/warning.js'

it('an error has its status under the name statusCode as well, for NestJS and Fastify', () => {
  for (const error of [
    new GuestRequired(401),
    new GuestRequired(403),
    new VisitorAccessDenied(['A'], 'gone'),
  ]) {
    assert.ok(error instanceof EphemeralError)
    assert.equal(error.statusCode, error.status)
  }
  assert.equal(new GuestRequired(401).statusCode, 401)
})

it('an error of an application’s own that extends ours has its status under both names', () => {
  class QuotaExceeded extends EphemeralError {
    override readonly status = 402
  }
  assert.equal(new QuotaExceeded('Too many passes').statusCode, 402)
})

/** All source files; a class or a call is looked for by its text, so that a new one cannot be left out. */
const source = readdirSync(new URL('../src/', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('cli/'))
  .map((file) => readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8'))
  .join('\n')

it('every argument that is refused has a code and a help address, and is a TypeError', () => {
  assert.throws(
    () => mergeGuest({} as never),
    (error: unknown) => {
      assert.ok(error instanceof InvalidOption && error instanceof TypeError)
      assert.equal(error.code, 'ERR_INVALID_OPTION')
      assert.equal(error.help, 'node_modules/passport-ephemeral/docs/errors.md#err_invalid_option')
      // What Node prints of an uncaught error.
      assert.match(
        inspect(error),
        /^[^\n]*TypeError[^\n]*: mergeGuest: [^]*code: 'ERR_INVALID_OPTION'[^]*help: 'node_modules/,
      )
      return true
    },
  )
  assert.deepEqual(source.match(/new (Type|Range|Syntax)Error\(/g), null)
})

it('every public error class, wherever it is defined, is explained in docs/errors.md', async () => {
  const page = await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const names = [...source.matchAll(/^export class (\w+) extends EphemeralError/gm)].map(([, name]) => name)
  assert.ok(names.length > 18)
  for (const name of names) assert.match(page, new RegExp(`\\| \`${name ?? ''}\` \\|`))
})

it('every warning, every finding and every error of the table says what to do, and has a section', async () => {
  const page = await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const sections = page.split(/^## /m)
  for (const [, code = ''] of source.matchAll(/readonly code(?:: string)? = '(ERR_[A-Z_]+)'/g)) {
    if (code === 'ERR_EPHEMERAL') continue // the base class is abstract
    const section = sections.find((each) => each.startsWith(`${code}\n`))
    assert.ok(section !== undefined && section.length > code.length + 60, code)
  }
  for (const [code, { message, remedy }] of Object.entries(MISTAKES)) {
    assert.ok(message.length > 20 && remedy.length > 20, code)
  }
  const warnings: (Error & { readonly code?: string; readonly detail?: string })[] = []
  process.on('warning', (warning) => warnings.push(warning))
  warn('MEMORY_STORE', 'A message.', 'What to do.')
  await new Promise(setImmediate)
  const detail = 'What to do.\nSee node_modules/passport-ephemeral/docs/doctor.md#memory_store'
  assert.deepEqual([warnings[0]?.code, warnings[0]?.detail], ['MEMORY_STORE', detail])
  // The type of warn() requires the advice; nothing else emits a warning.
  assert.equal(source.match(/emitWarning\(/g)?.length, 1)
})

it('every error has a row in the table of docs/errors.md, and a section', async () => {
  const page = await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const classes = Object.values(errors).filter(
    (each) => typeof each === 'function' && each.prototype instanceof EphemeralError,
  )
  assert.ok(classes.length > 15)
  for (const { code, name } of classes as (typeof EphemeralError)[]) {
    assert.ok(
      page.includes(`| [\`${code}\`](#${code.toLowerCase()}) | \`${name}\` |`),
      `${code} in the table`,
    )
    assert.ok(page.includes(`\n## ${code}\n`), `the section ${code}`)
  }
})
