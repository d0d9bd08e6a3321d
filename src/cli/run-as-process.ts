import { Console } from 'node:console'
import { ExitCode } from './exit-code.js'
import { main } from './main.js'

/** The command line as a process of its own, ended also if the application's module left something open. */
export async function runAsProcess(): Promise<void> {
  const { stdout, stderr, env } = process
  // What the application prints while it is loaded is not what was asked for.
  Object.assign(console, new Console(stderr, stderr))
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads has seen enough: `passport-ephemeral visitors | head -1`.
    process.exit(error.code === 'EPIPE' ? ExitCode.DONE : ExitCode.PROBLEM)
  })
  const code = await main(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd() })
  stdout.write('', () => process.exit(code))
}
