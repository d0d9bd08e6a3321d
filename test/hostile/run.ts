import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Campaign, type Fault, type Ports } from './campaign.js'
import type { Memory } from './agreement.js'

/**
 * Attacks an application with everything of the package mounted: `--requests 50000 --seed 1 --database postgres://…`, or `--only K`
 * for one case. A fault prints the command that repeats it. `EXPRESS=4` for Express 4.
 */
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    database: { type: 'string' },
  },
})
const seed = Number(values.seed)
const requests = Number(values.requests)
const only = values.only === undefined ? undefined : Number(values.only)
const database = values.database ?? process.env['DATABASE_URL']

/** What the heap may grow by between the first quarter and the end, in bytes: caches fill, and nothing more. */
const MOST_GROWTH = 24 * 2 ** 20

const REPEAT = [
  'npm run test:hostile --',
  `--seed ${String(seed)}`,
  ...(database === undefined ? [] : [`--database ${database}`]),
].join(' ')

const server = fork(fileURLToPath(new URL('server.ts', import.meta.url)), {
  env: { ...process.env, ...(database !== undefined && { DATABASE_URL: database }), NODE_ENV: 'production' },
  execArgv: [...process.execArgv, '--expose-gc', '--no-warnings'],
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
})
const campaign = await attack(await portsOf(server))
server.disconnect()
await once(server, 'exit')
report(campaign)
process.exitCode = campaign.faults.length === 0 ? 0 : 1

async function attack(ports: Ports): Promise<Campaign> {
  const memory: Memory[] = []
  const began = Date.now()
  const campaign = new Campaign(ports, {
    seed,
    requests,
    only,
    onFault: print,
    async onRound() {
      if (campaign.requests < (memory.length * requests) / 20) return
      const now = await campaign.memory()
      memory.push(now)
      const rate = Math.round(campaign.requests / ((Date.now() - began) / 1000))
      console.log(
        `${String(campaign.requests)} requests, ${String(rate)} a second, heap ${megabytes(now.heap)}, resident ${megabytes(now.resident)}`,
      )
    },
  })
  server.on('message', ({ uncaught }: { uncaught?: string }) => {
    campaign.fail(`nothing is uncaught: ${String(uncaught)}`, campaign.cases)
  })
  await campaign.run()
  const [early, late] = [memory[Math.floor(memory.length / 4)], memory.at(-1)]
  if (early && late && late.heap - early.heap > MOST_GROWTH)
    campaign.fail(`the heap has grown from ${megabytes(early.heap)} to ${megabytes(late.heap)}`, undefined)
  return campaign
}

function print({ what, only: number }: Fault): void {
  console.error(`\n- ${what}`)
  console.error(
    `  again: ${REPEAT}${number === undefined ? ` --requests ${String(requests)}` : ` --only ${String(number)}`}`,
  )
}

function report({ requests: sent, cases, faults, statuses, events, slowest }: Campaign): void {
  const counts = (map: ReadonlyMap<number | string, number>): string =>
    [...map]
      .sort()
      .map(([name, count]) => `${String(name)} ${String(count)}`)
      .join(', ')
  console.log(
    `${String(sent)} requests in ${String(cases)} cases, seed ${String(seed)}: ${String(faults.length)} faults`,
  )
  console.log(`answers: ${counts(statuses)}; the slowest after ${String(Math.round(slowest))} ms`)
  console.log(`events: ${counts(events)}`)
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`
}

async function portsOf(child: ChildProcess): Promise<Ports> {
  const [ports] = (await once(child, 'message')) as [Ports]
  return ports
}
