/**
 * Packs the package, installs it beside the oldest and the newest supported peers, and uses it there in every supported
 * way. Run it by `npm run test:packaging`.
 */
import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
/** The package itself counts. */
const MOST_PACKAGES = 25
const MOST_MEGABYTES = 6
const HOST_PACKAGES = ['express', 'express-session', 'passport', 'sequelize']

interface Manifest {
  readonly name: string
  readonly version: string
  readonly files: readonly string[]
  readonly exports: Readonly<Record<string, unknown>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

interface Tarball {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

/** A project that depends on the packed package. */
interface Consumer {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
}

const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest
const folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-packaging-'))
let passed = 0
let failed = 0

try {
  const tarball = await pack()
  console.log(
    `${tarball.filename}: ${kilobytes(tarball.size)} packed, ${kilobytes(tarball.unpackedSize)} unpacked`,
  )
  await checkContents(tarball)
  await checkWeight(tarball)
  await checkJest(tarball)
  for (const consumer of consumers(tarball)) await checkConsumer(consumer)
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function check(sentence: string, body: () => unknown): Promise<void> {
  try {
    await body()
    passed += 1
    console.log(`ok     ${sentence}`)
  } catch (error) {
    failed += 1
    console.log(`not ok ${sentence}\n${indent(describe(error))}`)
  }
}

/** Without `prepack`, because the package is built already, and other tests may be using `dist`. */
async function pack(): Promise<Tarball> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  })
  const [tarball] = JSON.parse(stdout) as Tarball[]
  assert(tarball)
  return tarball
}

async function checkContents(tarball: Tarball): Promise<void> {
  const paths = tarball.files.map(({ path }) => path)
  const others = paths.filter((path) => !path.startsWith('dist/'))

  await check('beside dist, the tarball contains exactly the files that package.json names', () => {
    const wanted = [
      'LICENSE',
      'README.md',
      'package.json',
      ...manifest.files.filter((file) => file !== 'dist'),
    ]
    assert.deepEqual(others.toSorted(), wanted.toSorted())
  })
  await check(
    'dist contains JavaScript and declarations of exactly the current sources, and what CommonJS takes',
    async () => {
      const sources = await readdir(join(root, 'src'), { recursive: true })
      const emitted = sources
        .filter((path) => path.endsWith('.ts'))
        .flatMap((path) => ['.js', '.d.ts'].map((extension) => `dist/${path.replace(/\.ts$/, extension)}`))
      const forCommonJs = ['', 'migrations/', 'pg-boss/'].flatMap((entry) =>
        ['.cjs', '.d.cts'].map((extension) => `dist/${entry}index${extension}`),
      )
      const built = paths.filter((path) => path.startsWith('dist/'))
      assert.deepEqual(built.toSorted(), [...emitted, ...forCommonJs].toSorted())
    },
  )
}

/** Installs the peers first, then the package beside them. */
async function checkWeight({ filename }: Tarball): Promise<void> {
  await check(
    `beside its peers, the package adds at most ${MOST_PACKAGES} packages and ${MOST_MEGABYTES} MB`,
    async () => {
      const project = join(folder, 'weight')
      await mkdir(project)
      const peers = pick(manifest.devDependencies, [...HOST_PACKAGES, 'pg'])
      await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, dependencies: peers }))
      await install(project)
      const before = await weigh(project)
      await install(project, `file:../${filename}`)
      const after = await weigh(project)
      const [packages, bytes] = [after.packages - before.packages, after.bytes - before.bytes]
      console.log(`${packages} packages, ${kilobytes(bytes)} installed beside the peers`)
      assert.ok(packages <= MOST_PACKAGES)
      assert.ok(bytes <= MOST_MEGABYTES * 1024 * 1024)
    },
  )
}

async function weigh(project: string): Promise<{ packages: number; bytes: number }> {
  const modules = join(project, 'node_modules')
  const { packages } = JSON.parse(await readFile(join(modules, '.package-lock.json'), 'utf8')) as {
    packages: object
  }
  const files = await readdir(modules, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    files
      .filter((file) => file.isFile())
      .map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  )
  return { packages: Object.keys(packages).length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

async function install(project: string, ...packages: readonly string[]): Promise<void> {
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], { cwd: project })
}

function consumers({ filename }: Tarball): Consumer[] {
  const { devDependencies, peerDependencies } = manifest
  const common = {
    [manifest.name]: `file:../${filename}`,
    ...pick(devDependencies, ['@electric-sql/pglite', 'pg', 'typescript']),
    ...pick(devDependencies, ['@types/express-session', '@types/node', '@types/passport', '@types/pg']),
    // PGlite's declarations, which the consumers check too, use it without depending on it.
    '@types/emscripten': '^1.41.0',
  }
  return [
    {
      name: 'Express 4 and the oldest peers',
      dependencies: {
        ...common,
        ...Object.fromEntries(HOST_PACKAGES.map((peer) => [peer, oldest(peerDependencies[peer])])),
        '@types/express': '^4.17.0',
      },
    },
    {
      name: 'Express 5 and the newest peers',
      dependencies: {
        ...common,
        ...pick(devDependencies, HOST_PACKAGES),
        ...pick(devDependencies, ['@types/express']),
      },
    },
  ]
}

/** `^4.18 || ^5` → `4.18.0` */
function oldest(range: string | undefined): string {
  const [major, minor = '0', patch = '0'] = /\d+(\.\d+)*/.exec(range ?? '')?.[0].split('.') ?? []
  assert(major, 'a peer dependency without a version')
  return [major, minor, patch].join('.')
}

async function checkConsumer({ name, dependencies }: Consumer): Promise<void> {
  const project = join(folder, name.replaceAll(/\W+/g, '-').toLowerCase())
  await mkdir(project)
  await cp(join(import.meta.dirname, 'consumers'), project, { recursive: true })
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }, null, 2),
  )
  await check(`${name}: installs`, () => install(project))
  await check(`${name}: there is one copy of ${HOST_PACKAGES.join(', ')}`, async () => {
    const installed = await readdir(join(project, 'node_modules'), { recursive: true })
    for (const peer of HOST_PACKAGES) {
      const copies = installed.filter(
        (path) => `/${path}`.endsWith(`/${peer}/package.json`) && !path.includes('@types'),
      )
      assert.deepEqual(copies, [`${peer}/package.json`])
    }
  })
  await check(`${name}: every entry point can be imported and required, and no other file`, async () => {
    const paths = JSON.stringify({ entries: entryPoints(), refused: insides() })
    for (const [type, load] of [
      ['module', '(path) => import(path)'],
      ['commonjs', 'async (path) => require(path)'],
    ] as const) {
      const { stdout } = await run('node', [`--input-type=${type}`, '--eval', attempt(load), paths], {
        cwd: project,
      })
      assert.deepEqual(JSON.parse(stdout), expectedOfAttempts())
    }
  })
  await check(`${name}: the types compile in strict mode, declarations included`, () =>
    run(join(project, 'node_modules/.bin/tsc'), ['--project', '.'], { cwd: project }),
  )
  for (const [module, resolution] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['commonjs', 'node10'],
    ['preserve', 'bundler'],
  ] as const) {
    const ignored = resolution === 'node10' ? ['--ignoreDeprecations', '6.0'] : []
    await check(`${name}: the types hold in CommonJS under module ${module}, resolution ${resolution}`, () =>
      run(
        join(project, 'node_modules/.bin/tsc'),
        [
          ...['--ignoreConfig', '--noEmit', '--strict', '--esModuleInterop', '--target', 'es2022'],
          ...['--types', 'node,emscripten'],
          ...['--module', module, '--moduleResolution', resolution, ...ignored, 'types.cts'],
        ],
        { cwd: project },
      ),
    )
  }
  await check(`${name}: import and require() get the same classes`, async () => {
    const program = `
      import { createRequire } from 'node:module'
      import { EphemeralError } from 'passport-ephemeral'
      console.log(createRequire(import.meta.url)('passport-ephemeral').EphemeralError === EphemeralError)`
    const { stdout } = await run('node', ['--input-type=module', '--eval', program], { cwd: project })
    assert.equal(stdout, 'true\n')
  })
  await check(`${name}: npx passport-ephemeral migrates, invites, and reports errors`, () =>
    checkCommandLine(project),
  )
  for (const [kind, source] of [
    ['import', 'app.mjs'],
    ['require()', 'app.cjs'],
    ['TypeScript', 'out/app.js'],
  ] as const) {
    await check(
      `${name}, ${kind}: a guest is created, an anonymous request is refused, a visitor is admitted`,
      () => checkApplication(project, source),
    )
  }
}

/** Jest of any Node, configured as docs/recipes.md describes. */
async function checkJest({ filename }: Tarball): Promise<void> {
  const project = join(folder, 'jest')
  await cp(join(import.meta.dirname, 'jest'), project, { recursive: true })
  const recipes = await readFile(join(root, 'docs/recipes.md'), 'utf8')
  const [, config = ''] = /```js\n(\/\/ jest\.config\.cjs\n[^`]*)```/.exec(recipes) ?? []
  assert.notEqual(config, '', 'docs/recipes.md has no jest.config.cjs')
  const dependencies = {
    ...pick(manifest.devDependencies, HOST_PACKAGES),
    [manifest.name]: `file:../${filename}`,
    jest: '^30',
    '@babel/plugin-transform-modules-commonjs': '^7',
  }
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }))
  await writeFile(join(project, 'jest.config.cjs'), config)
  await check('Jest: a test in CommonJS runs, with the configuration of docs/recipes.md', async () => {
    await install(project)
    await run(join(project, 'node_modules/.bin/jest'), ['guard.test.js'], { cwd: project })
  })
  await check('Jest: a test in an ES module runs, with Node’s flag for them', () =>
    run(join(project, 'node_modules/.bin/jest'), ['--config', '{"testRegex":"guard.test.mjs"}'], {
      cwd: project,
      env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' },
    }),
  )
}

function entryPoints(): string[] {
  return Object.keys(manifest.exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => manifest.name + path.slice(1))
}

/** Internal paths, which must not be importable. */
function insides(): string[] {
  return ['dist/index.js', 'dist/visitor/token.js', 'src/index.ts', 'index.js'].map(
    (path) => `${manifest.name}/${path}`,
  )
}

/** A program that prints the result of loading each path: `loaded`, or the code of the error. */
function attempt(load: string): string {
  return `
    const load = ${load}
    const { entries, refused } = JSON.parse(process.argv[1])
    const outcome = (path) => load(path).then((names) => Object.keys(names).length > 0 ? 'loaded' : 'empty', (error) => error.code)
    Promise.all([...entries, ...refused].map(async (path) => [path, await outcome(path)]))
      .then((outcomes) => console.log(JSON.stringify(Object.fromEntries(outcomes))))
  `
}

function expectedOfAttempts(): Record<string, string> {
  return Object.fromEntries([
    ...entryPoints().map((path) => [path, 'loaded']),
    ...insides().map((path) => [path, 'ERR_PACKAGE_PATH_NOT_EXPORTED']),
  ]) as Record<string, string>
}

/** Run by its name, as npm links it: the file must be executable. */
async function checkCommandLine(project: string): Promise<void> {
  const command = join(project, 'node_modules/.bin/passport-ephemeral')
  const { stdout: version } = await run(command, ['--version'], { cwd: project })
  assert.equal(version, `${manifest.version}\n`)
  await assert.rejects(run(command, ['migrate', '--json'], { cwd: project }), (error: { stdout: string }) => {
    const { code, help } = (JSON.parse(error.stdout) as { error: Record<string, string> }).error
    assert.equal(code, 'ERR_UMZUG_MISSING')
    assert.match(help ?? '', /npm install umzug/)
    return true
  })
  await install(project, `umzug@${manifest.devDependencies['umzug'] ?? ''}`)
  const { stdout: migrated } = await run(command, ['migrate', '--json'], { cwd: project })
  assert.ok((JSON.parse(migrated) as { executed: string[] }).executed.length > 0)
  const { stdout: link } = await run(
    command,
    ['invite', '--email', 'ginger@example.com', '--scope', 'A', '--url', 'https://example.com/a'],
    { cwd: project },
  )
  assert.match(link, /^https:\/\/example\.com\/a\?vuid=[0-9a-f]{64}\n$/)
  await assert.rejects(run(command, ['sweep'], { cwd: project }), { code: 2 })
}

async function checkApplication(project: string, source: string): Promise<void> {
  const application = spawn('node', [source], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    const { port, link } = await started(application)
    const origin = `http://127.0.0.1:${port}`

    const play = await get(`${origin}/play`)
    assert.equal(play.status, 200)
    assert.deepEqual(await play.json(), { isGuest: true })

    const stranger = await get(`${origin}/reference`)
    assert.equal(stranger.status, 403)

    const arrival = await get(origin + link)
    assert.equal(arrival.status, 303)
    assert.equal(arrival.headers.get('location'), '/reference')
    const cookie = arrival.headers.getSetCookie().map((header) => header.split(';')[0])

    const reference = await get(`${origin}/reference`, { cookie: cookie.join('; ') })
    assert.equal(reference.status, 200)
    const { fullName, scope } = (await reference.json()) as Record<string, unknown>
    assert.deepEqual({ fullName, scope }, { fullName: 'Ginger', scope: 'REFERENCE_REQUEST' })
  } finally {
    application.kill()
  }
}

/** The line that the consumer prints once it serves. */
async function started(application: ChildProcess): Promise<{ port: number; link: string }> {
  assert(application.stdout && application.stderr)
  let complaints = ''
  application.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  for await (const line of createInterface({ input: application.stdout })) {
    return JSON.parse(line) as { port: number; link: string }
  }
  throw new Error(`The application ended before it served:\n${complaints}`)
}

function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    redirect: 'manual',
    headers: { 'user-agent': BROWSER, ...headers },
    signal: AbortSignal.timeout(20_000),
  })
}

function pick(from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const version = from[name]
      assert(version, `package.json does not say which ${name}`)
      return [name, version]
    }),
  )
}

/** The reason for a failed command is in its standard output or error, not in the error's message. */
function describe(error: unknown): string {
  const { stdout, stderr } = error as { stdout?: string; stderr?: string }
  return [error instanceof Error ? error.message : String(error), stdout, stderr].filter(Boolean).join('\n')
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '       ')
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} kB`
}
