import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { isProgramCode, shellCommands } from './markdown.js'
import { pageAt, pages, root } from './pages.js'
import { assemble, assembleFragment, isApplication, preludeAndEpilogue, typeErrors } from './programs.js'
import { openStage, programs, writePrograms } from './stage.js'

/** What no test compiles: commands, SQL, data, configuration, markup, and output, which is `console`. */
const NO_PROGRAM = ['sh', 'sql', 'json', 'ini', 'html', 'console']

describe('the README and the docs', () => {
  test('every block is a program, or names what else it is', () => {
    const unnamed = pages.flatMap(({ path, blocks }) =>
      blocks
        .filter((block) => !isProgramCode(block) && !NO_PROGRAM.includes(block.language))
        .map(({ line, language }) => `${path}:${line} is '${language}'`),
    )
    assert.deepEqual(unnamed, [])
  })

  test('every program has a name of its own, a prelude, and an epilogue that asserts, and there are no others', async () => {
    const names = programs.map(({ name }) => name)
    assert(names.length > 15)
    assert.equal(new Set(names).size, names.length, `two pages have a program of one name: ${names.join()}`)
    for (const { name, blocks } of programs) {
      const { prelude, epilogue } = preludeAndEpilogue(name, blocks)
      assert(existsSync(prelude), `${name} has no prelude`)
      assert(existsSync(epilogue), `${name} has no epilogue`)
      assert.match(
        await readFile(epilogue, 'utf8'),
        /\bassert(\.\w+)?\(/,
        `${name}'s epilogue asserts nothing`,
      )
    }
    const named = async (folder: string) =>
      (await readdir(join(import.meta.dirname, folder))).map((file) => parse(file).name)
    assert.deepEqual((await named('epilogues')).toSorted(), names.toSorted())
    assert.deepEqual(
      [...(await named('preludes')), ...(await named('applications'))].toSorted(),
      names.toSorted(),
    )
  })

  test('a shell command that runs a script of the package names one that exists', async () => {
    const commands = shellCommands(pageAt('README.md').blocks)
    assert(commands.includes('npm ci && npm run demo'))
    assert(commands.includes('npm ci && npm test'))

    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/\bnpm (?:run (?<script>[\w:-]+)|(?<test>test)\b)/g)].map(
        ({ groups }) => groups?.['script'] ?? groups?.['test'] ?? '',
      ),
    )
    assert.deepEqual(
      named.filter((script) => !Object.hasOwn(scripts, script)),
      [],
    )
  })
})

describe('the code of the README and the docs', () => {
  let stage: Awaited<ReturnType<typeof openStage>>
  before(async () => {
    stage = await openStage()
  })
  after(() => stage.remove())

  test('the programs that run compile in strict mode without an error', async () => {
    const modules = await Promise.all(
      programs.filter(({ blocks }) => !isApplication(blocks)).map((source) => assemble(source, stage.folder)),
    )
    await writePrograms(modules)
    assert.deepEqual(typeErrors(modules), [])
  })

  test('every other block of code compiles in an application that has what it names', async () => {
    const fragments = await Promise.all(
      pages.flatMap((page) =>
        page.blocks
          .filter((block) => isProgramCode(block) && block.program === undefined)
          .map((block) => assembleFragment(page, block, stage.folder)),
      ),
    )
    await writePrograms(fragments)
    assert(fragments.length > 40)
    assert.deepEqual(typeErrors(fragments), [])
  })

  test('the recipe for NestJS shows the glue of examples/nestjs as it is there', async () => {
    const glue = await readFile(join(root, 'examples/nestjs/src/ephemeral.ts'), 'utf8')
    assert(pageAt('docs/frameworks.md').text.includes(`\`\`\`ts\n${glue}\`\`\``))
  })
})
