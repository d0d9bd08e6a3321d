/** What every part of `npm run test:packaging` uses: the packed package, projects that install it, and the count of checks. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const run = promisify(execFile)
export const root = join(import.meta.dirname, '../..')

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly files: readonly string[]
  readonly exports: Readonly<Record<string, unknown>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

export interface Tarball {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

export const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest
/** Where the projects are, side by side. It is removed in the end. */
export const folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-packaging-'))
export const count = { passed: 0, failed: 0 }

/** Counts a check, and prints it. Returns whether it holds. */
export async function check(sentence: string, body: () => unknown): Promise<boolean> {
  try {
    await body()
    count.passed += 1
    console.log(`ok     ${sentence}`)
    return true
  } catch (error) {
    count.failed += 1
    console.log(`not ok ${sentence}\n${indent(describe(error))}`)
    return false
  }
}

/** Without `prepack`, because the package is built already, and other tests may be using `dist`. */
export async function pack(): Promise<Tarball> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  })
  const [tarball] = JSON.parse(stdout) as Tarball[]
  assert(tarball)
  return tarball
}

export async function install(project: string, ...packages: readonly string[]): Promise<void> {
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], { cwd: project })
}

export function pick(
  from: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
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

export function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} kB`
}
