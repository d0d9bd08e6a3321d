/**
 * Packs the package, installs it beside the oldest and the newest supported peers, and uses it there in every supported
 * way; then in the examples that have a package.json. Run it by `npm run test:packaging`; with names of examples as
 * arguments, only those run.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { BROWSER } from './browser.js'
import { checkExamples } from './examples.js'
import {
  check,
  count,
  folder,
  install,
  kilobytes,
  manifest,
  pack,
  pick,
  root,
  run,
  type Tarball,
} from './project.js'

/** The package itself counts. */
const MOST_PACKAGES = 25
const MOST_MEGABYTES = 6
/** What stays outside a bundle: PGlite's WebAssembly, and what pg and sequelize load only if it is installed. */
const BUNDLE = [
  ...['--bundle', '--platform=node', '--target=node20', '--format=esm', '--log-level=error'],
  ...['@electric-sql/pglite', 'pg-native', 'pg-hstore'].map((name) => `--external:${name}`),
  `--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)`,
]
/** The supported versions of TypeScript. 7 is the first that is no JavaScript. */
const TYPESCRIPTS = ['5.6', '5.7', '5.8', '5.9', '6', 'latest']
/** As in tsconfig.json, without what 5.6 lacks. Not all declarations of other packages compile with every version. */
const TYPESCRIPT_OPTIONS = {
  ...{ target: 'ES2022', lib: ['ES2023'], module: 'NodeNext', types: ['node'], skipLibCheck: false },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
}
const HOST_PACKAGES = ['express', 'express-session', 'passport', 'sequelize']

/** A project that depends on the packed package. */
interface Consumer {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
}

const chosen = process.argv.slice(2)
try {
  const tarball = await pack()
  if (chosen.length === 0) await checkPackage(tarball)
  if (chosen.length === 0 || chosen.includes('typescript')) await checkTypeScripts(tarball)
  if (chosen.length === 0 || chosen.includes('pnpm')) await checkPnpm(tarball)
  await checkExamples(tarball, chosen)
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(`${count.passed} passed, ${count.failed} failed`)
process.exitCode = count.failed === 0 ? 0 : 1

async function checkPackage(tarball: Tarball): Promise<void> {
  console.log(
    `${tarball.filename}: ${kilobytes(tarball.size)} packed, ${kilobytes(tarball.unpackedSize)} unpacked`,
  )
  await checkContents(tarball)
  await checkWeight(tarball)
  await checkJest(tarball)
  for (const consumer of consumers(tarball)) await checkConsumer(consumer)
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
      const forCommonJs = ['', 'admin/', 'migrations/', 'pages/messages/', 'pg-boss/'].flatMap((entry) =>
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

/** `test/types/declared` and CommonJS, with each supported compiler. */
async function checkTypeScripts(tarball: Tarball): Promise<void> {
  const project = join(folder, 'typescript')
  for (const path of ['types/same.ts', 'types/declared', 'packaging/consumers/types.cts']) {
    await cp(join(root, 'test', path), join(project, path), { recursive: true })
  }
  const compilers = Object.fromEntries(
    TYPESCRIPTS.map((version) => [`typescript-${version}`, `npm:typescript@${version}`]),
  )
  const dependencies = { ...consumers(tarball).at(-1)?.dependencies, ...compilers }
  const settings = { compilerOptions: TYPESCRIPT_OPTIONS, include: ['types/declared', '**/types.cts'] }
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  )
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(settings))
  await check('TypeScript: all versions install', () => install(project))
  for (const compiler of Object.keys(compilers)) {
    await check(`${compiler}: the types compile in strict mode, our declarations included`, async () => {
      const { stdout } = await run('node', [`node_modules/${compiler}/bin/tsc`, '--noEmit'], {
        cwd: project,
      }).catch((error: unknown) => error as { stdout?: string })
      assert(stdout !== undefined, 'the compiler does not run')
      const errors = stdout.split('\n').filter((line) => line.includes('error TS'))
      const isOurs = (line: string): boolean => !/^node_modules\/(?!passport-ephemeral\/)/.test(line)
      assert.deepEqual(errors.filter(isOurs), [])
    })
  }
}

/** pnpm gives a package only what it declares. In that project, esbuild puts each application into one file. */
async function checkPnpm({ filename }: Tarball): Promise<void> {
  const project = join(folder, 'pnpm')
  await cp(join(import.meta.dirname, 'consumers'), project, { recursive: true })
  const dependencies = {
    [manifest.name]: `file:../${filename}`,
    ...pick(manifest.devDependencies, [...HOST_PACKAGES, '@electric-sql/pglite', 'pg', 'typescript']),
    ...pick(manifest.devDependencies, ['@types/express', '@types/express-session', '@types/node']),
    ...pick(manifest.devDependencies, ['@types/passport', '@types/pg']),
    esbuild: '0.28.2',
  }
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  )
  await check('pnpm: installs', () =>
    run('npx', ['--yes', 'pnpm@10.34.8', 'install', '--prefer-offline'], { cwd: project }),
  )
  await check('pnpm: the types compile in strict mode', () =>
    run(
      join(project, 'node_modules/.bin/tsc'),
      ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', 'app.ts'],
      { cwd: project },
    ),
  )
  for (const source of ['app.mjs', 'app.cjs']) {
    await check(`pnpm, ${source}: a guest is created, and a visitor is admitted`, () =>
      checkApplication(project, source),
    )
    await check(`esbuild, ${source}: the bundle does the same`, async () => {
      await run(
        join(project, 'node_modules/.bin/esbuild'),
        [source, ...BUNDLE, `--outfile=bundle-${source}.mjs`],
        {
          cwd: project,
        },
      )
      await checkApplication(project, `bundle-${source}.mjs`)
    })
  }
}

/** Jest of any Node, configured as docs/testing.md describes. */
async function checkJest({ filename }: Tarball): Promise<void> {
  const project = join(folder, 'jest')
  await cp(join(import.meta.dirname, 'jest'), project, { recursive: true })
  const page = await readFile(join(root, 'docs/testing.md'), 'utf8')
  const [, config = ''] = /```js\n(\/\/ jest\.config\.cjs\n[^`]*)```/.exec(page) ?? []
  assert.notEqual(config, '', 'docs/testing.md has no jest.config.cjs')
  const dependencies = {
    ...pick(manifest.devDependencies, HOST_PACKAGES),
    [manifest.name]: `file:../${filename}`,
    jest: '^30',
    '@babel/plugin-transform-modules-commonjs': '^7',
  }
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }))
  await writeFile(join(project, 'jest.config.cjs'), config)
  await check('Jest: a test in CommonJS runs, with the configuration of docs/testing.md', async () => {
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
