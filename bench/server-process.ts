import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { USAGE, type Setting, type Usage } from './servers/settings.js'

/** The code that serves the requests. */
export type ContenderName = 'floor' | 'package' | 'better-auth' | 'sequelize'

/** A contender's server in its own process. */
export interface ServerProcess {
  readonly origin: string
  readonly usage: () => Promise<Usage>
  readonly stop: () => Promise<void>
}

/** The folder of the compiled servers. They are compiled, because the code that tsx adds would be measured too. */
export const COMPILED = new URL('results/servers/', import.meta.url)
const ENTRY = fileURLToPath(new URL('serve.js', COMPILED))

export async function startServer(contender: ContenderName, setting: Setting): Promise<ServerProcess> {
  const child = fork(ENTRY, [contender, JSON.stringify(setting)], {
    execArgv: process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [],
  })
  const answer = async <T>(): Promise<T> => {
    const exit = new AbortController()
    const failed = once(child, 'exit', { signal: exit.signal }).then(() => {
      throw new Error(`The server of '${contender}' ended`)
    })
    try {
      const [message] = (await Promise.race([once(child, 'message', { signal: exit.signal }), failed])) as [T]
      return message
    } finally {
      failed.catch(() => undefined)
      exit.abort()
    }
  }
  const { port } = await answer<{ port: number }>()
  return {
    origin: `http://127.0.0.1:${port}`,
    async usage() {
      child.send(USAGE)
      return await answer<Usage>()
    },
    async stop() {
      child.disconnect()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
