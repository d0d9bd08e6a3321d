#!/usr/bin/env node
import { Console } from 'node:console'
import { ExitCode } from './failure.js'
import { main } from './main.js'
import { printable } from './text.js'

const { stdout, stderr, env } = process
// Stdout is for the result alone: what the application prints while it is loaded goes to stderr.
Object.assign(console, new Console(stderr, stderr))
stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader closed the pipe early, as in `passport-ephemeral visitors | head -1`.
  process.exit(error.code === 'EPIPE' ? ExitCode.DONE : ExitCode.PROBLEM)
})
process.on('unhandledRejection', (reason) => {
  // The command awaits every promise of its own: this one is the application's, and no failure of the command.
  const message = reason instanceof Error ? reason.message : String(reason)
  stderr.write(`passport-ephemeral: a promise of the application was rejected: ${printable(message)}\n`)
})
const code = await main(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd() })
// The configuration file may have left something open, such as a server or a pool of connections.
stdout.write('', () => {
  setImmediate(() => process.exit(code)) // Node tells of rejected promises before that
})
