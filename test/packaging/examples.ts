/** The examples that have a package.json: each is copied, installed with the packed package, built, and used. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { nestjs } from './examples/nestjs.js'
import { oauth2 } from './examples/oauth2.js'
import { sequelizeCli } from './examples/sequelize-cli.js'
import { sequelizeTypescript } from './examples/sequelize-typescript.js'
import { socketIo } from './examples/socket-io.js'
import { testing } from './examples/testing.js'
import { check, folder, install, manifest, root, run, type Tarball } from './project.js'

/** An example, as it is tested. */
export interface Example {
  /** Its folder in `examples`. */
  readonly name: string
  readonly checks: (project: InstalledExample) => Promise<void>
}

/** An example that has been installed and built. */
export interface InstalledExample {
  readonly folder: string
  /** Counts a check, under the name of the example. */
  readonly check: typeof check
  /** Runs a script of its package.json. */
  readonly runScript: (script: string) => Promise<string>
  /** Runs `npm start`, and hands on the address that it prints, and the line. */
  readonly serve: (body: (origin: string, line: string) => Promise<void>) => Promise<void>
}

const EXAMPLES: readonly Example[] = [nestjs, oauth2, socketIo, sequelizeCli, sequelizeTypescript, testing]
const SIDE_BY_SIDE = 2

/** Runs the checks of all examples, or of those that are named. */
export async function checkExamples(tarball: Tarball, names: readonly string[]): Promise<void> {
  const queue = EXAMPLES.filter(({ name }) => names.length === 0 || names.includes(name))
  const work = async (): Promise<void> => {
    for (let example = queue.shift(); example !== undefined; example = queue.shift()) {
      await checkExample(example, tarball)
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
}

async function checkExample({ name, checks }: Example, { filename }: Tarball): Promise<void> {
  const project = join(folder, name)
  const checkOne: typeof check = (sentence, body) => check(`examples/${name}: ${sentence}`, body)
  const runScript = async (script: string): Promise<string> => {
    const { stdout } = await run('npm', ['run', '--silent', script], { cwd: project, env: environment() })
    return stdout
  }
  const isInstalled = await checkOne('it installs and builds', async () => {
    await cp(join(root, 'examples', name), project, { recursive: true })
    const file = join(project, 'package.json')
    const own = JSON.parse(await readFile(file, 'utf8')) as {
      dependencies: Record<string, string>
      scripts?: Record<string, string>
    }
    own.dependencies[manifest.name] = `file:../${filename}`
    await writeFile(file, JSON.stringify(own))
    await install(project)
    if (own.scripts?.['build'] !== undefined) await runScript('build')
  })
  if (!isInstalled) return
  await checks({
    folder: project,
    check: checkOne,
    runScript,
    serve: (body) => serve(project, body),
  })
}

/** With the database in the process of the example: tests of another database have their own stage. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, DATABASE_URL: undefined, PORT: '0' }
}

async function serve(project: string, body: (origin: string, line: string) => Promise<void>): Promise<void> {
  const { scripts } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as {
    scripts: { start: string }
  }
  // Without npm or a shell between, so that the process can be stopped.
  const [command = '', ...parameters] = scripts.start.split(' ')
  const server = spawn(
    command === 'node' ? process.execPath : join(project, 'node_modules/.bin', command),
    parameters,
    {
      cwd: project,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let complaints = ''
  server.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const ended = once(server, 'exit')
  try {
    let announcement = ''
    for await (const line of createInterface({ input: server.stdout })) {
      announcement = line
      if (line.includes('http://')) break
    }
    const [origin] = /http:\/\/[^\s,;]+/.exec(announcement) ?? []
    if (origin === undefined) throw new Error(`The example ended before it listened:\n${complaints}`)
    server.stdout.resume()
    await body(origin, announcement).catch((error: unknown) => {
      throw new Error(
        `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${complaints}`,
      )
    })
  } finally {
    server.kill()
    await ended
  }
}
