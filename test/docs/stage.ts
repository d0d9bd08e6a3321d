import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { pages, root } from './pages.js'
import { assemble, programsOf, type Program, type ProgramSource } from './programs.js'

const run = promisify(execFile)

export const programs: readonly ProgramSource[] = programsOf(pages)

/** A folder inside the package, so that programs resolve it by its name; git and linters ignore it. */
export async function openStage(): Promise<{
  readonly folder: string
  readonly remove: () => Promise<void>
}> {
  await mkdir(join(root, 'coverage'), { recursive: true })
  const folder = await mkdtemp(join(root, 'coverage/docs-'))
  await writeFile(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "module": "NodeNext" } }')
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** Writes programs as files. */
export async function writePrograms(written: readonly Program[]): Promise<void> {
  for (const { file, text } of written) await writeFile(file, text)
}

/** Runs one third of the programs, each in a process and with a database of its own: together they take minutes. */
export function testThirdOfPrograms(third: 0 | 1 | 2): void {
  const mine = programs.filter((_program, place) => place % 3 === third)

  describe('the programs of the README and the docs', { concurrency: 2 }, () => {
    let stage: Awaited<ReturnType<typeof openStage>>
    before(async () => {
      stage = await openStage()
    })
    after(() => stage.remove())

    for (const source of mine) {
      test(`${source.name}: runs and behaves as ${source.page.path} describes`, async () => {
        const program = await assemble(source, stage.folder)
        await writePrograms([program])
        const { stdout } = await run(process.execPath, ['--import', 'tsx', program.file], {
          cwd: root,
          env: {
            ...process.env,
            NODE_ENV: 'test',
            NODE_TEST_CONTEXT: undefined, // a page's own tests write what a person can read
            TSX_TSCONFIG_PATH: join(stage.folder, 'tsconfig.json'),
            VISITOR_SECRET: 'a secret of more than thirty-two characters',
            SESSION_SECRET: 'session secret',
          },
        })
        assert.doesNotMatch(stdout, /^(not ok|✖)/m)
        assert.match(stdout, new RegExp(`^Checked: ${source.name}$`, 'm'))
      })
    }
  })
}
