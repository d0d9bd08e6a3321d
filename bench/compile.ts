import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Compiles the programs that are measured in their own processes. */
export async function compileServers(): Promise<void> {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const project = fileURLToPath(new URL('tsconfig.build.json', import.meta.url))
  await promisify(execFile)(process.execPath, [tsc, '-p', project])
}
