import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { codeBlocks, isProgramCode, shellCommands } from './markdown.js'
import { assemble, blocksByProgram, preludeAndEpilogue, typeErrors, type Program } from './programs.js'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const readme = await readFile(join(root, 'README.md'), 'utf8')
const blocks = codeBlocks(readme)
const programs = blocksByProgram(blocks)

describe('the README', () => {
  test('every block of code belongs to the program that <!-- program: NAME --> above it names', () => {
    const withoutProgram = blocks.filter((block) => isProgramCode(block) && block.program === undefined)
    assert.deepEqual(
      withoutProgram.map(({ line }) => `README.md:${line}`),
      [],
    )
    assert(programs.size > 0)
  })

  test('every program has a prelude and an epilogue that asserts, and there are no others', async () => {
    for (const name of programs.keys()) {
      const { prelude, epilogue } = preludeAndEpilogue(name)
      assert(existsSync(prelude), `${name} has no prelude`)
      assert(existsSync(epilogue), `${name} has no epilogue`)
      assert.match(
        await readFile(epilogue, 'utf8'),
        /\bassert(\.\w+)?\(/,
        `${name}'s epilogue asserts nothing`,
      )
    }
    for (const folder of ['preludes', 'epilogues']) {
      const files = await readdir(join(import.meta.dirname, folder))
      assert.deepEqual(files.map((file) => parse(file).name).toSorted(), [...programs.keys()].toSorted())
    }
  })

  test('its shell commands name scripts that exist', async () => {
    const commands = shellCommands(blocks)
    assert(commands.includes('npm ci && npm run demo'))
    assert(commands.includes('npm ci && npm test'))

    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...readme.matchAll(/\bnpm (?:run )?(?<script>[\w:-]+)/g)]
      .map((match) => match.groups?.['script'] ?? '')
      .filter((script) => !['ci', 'install', 'i'].includes(script))
    assert.deepEqual(
      named.filter((script) => !Object.hasOwn(scripts, script)),
      [],
    )
  })

  test('its links to files of the repository lead to existing files', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)(?<path>[^)#\s]+)/g)].map(
      (match) => match.groups?.['path'] ?? '',
    )
    assert.deepEqual(
      links.filter((path) => !existsSync(join(root, path))),
      [],
    )
  })
})

describe('the programs of the README', { concurrency: 2 }, () => {
  // Inside the package, so that the programs resolve it by its name; in a folder that git and linters ignore.
  let folder: string
  let assembled: Map<string, Program>

  before(async () => {
    await mkdir(join(root, 'coverage'), { recursive: true })
    folder = await mkdtemp(join(root, 'coverage/readme-'))
    assembled = new Map()
    for (const [name, itsBlocks] of programs) {
      const program = await assemble(name, itsBlocks, folder)
      await writeFile(program.file, program.text)
      assembled.set(name, program)
    }
    await writeFile(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "module": "NodeNext" } }')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const name of programs.keys()) {
    test(`${name}: runs and behaves as the README describes`, async () => {
      const program = assembled.get(name)
      assert(program)
      const { stdout } = await run(process.execPath, ['--import', 'tsx', program.file], {
        cwd: root,
        env: {
          ...process.env,
          NODE_ENV: 'test',
          TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json'),
          VISITOR_SECRET: 'a secret of more than thirty-two characters',
          SESSION_SECRET: 'session secret',
        },
      })
      assert.match(stdout, new RegExp(`^Checked: ${name}$`, 'm'))
    })
  }

  test('they compile in strict mode without an error', () => {
    assert.deepEqual(typeErrors([...assembled.values()]), [])
  })
})
