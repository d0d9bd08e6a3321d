import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { compileServers } from '../compile.js'
import { median } from '../median.js'
import { populate, run, type Population } from '../population.js'
import { COMPILED, startServer } from '../server-process.js'
import { inMemory } from '../servers/settings.js'
import { costOf, REQUESTS, type Cost } from './cost.js'

/**
 * `npm run bench:scale [-- --guests 10000,1000000,10000000 --requests 300 --rounds 3]`: measures the cost of each kind
 * of request with these numbers of guests. All sizes exist at the same time and take turns.
 */
const { values } = parseArgs({
  options: {
    guests: { type: 'string', default: '10000,1000000,10000000' },
    requests: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
  },
})
const sizes = values.guests.split(',').map(Number)

await compileServers()
const populations: Population[] = []
try {
  for (const guests of sizes) {
    console.error(`filling: ${guests.toLocaleString('en-GB')}`)
    populations.push(await populate(guests, { daysAgo: 1, children: 1 }))
  }
  const servers = await Promise.all(populations.map(({ url }) => startServer('package', inMemory(url))))
  try {
    console.log('| request | guests | statements | pages | WAL bytes | median ms (min–max of the rounds) |')
    console.log('| --- | --- | --- | --- | --- | --- |')
    for (const request of REQUESTS) {
      const costs: Cost[][] = populations.map(() => [])
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const [place, population] of populations.entries()) {
          const server = servers[place]
          if (server === undefined) continue
          const load = await request.loadOf(server, population)
          costs[place]?.push(await costOf(load, server, population, Number(values.requests)))
        }
      }
      for (const [place, { guests }] of populations.entries())
        console.log(row(request.name, guests, costs[place] ?? []))
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
  console.log()
  console.log('| guests | users | their indexes | guests | their indexes | bytes a guest |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const population of populations) console.log(await storage(population))
} finally {
  for (const { drop } of populations) await drop()
  await rm(COMPILED, { recursive: true })
}

function row(name: string, guests: number, costs: readonly Cost[]): string {
  const middle = (key: keyof Cost): number => median(costs.map((cost) => cost[key]))
  const times = costs.map(({ milliseconds }) => milliseconds)
  return `| ${[
    name,
    guests.toLocaleString('en-GB'),
    middle('statements').toFixed(1),
    middle('pages').toFixed(1),
    middle('wal').toFixed(0),
    `${median(times).toFixed(2)} (${Math.min(...times).toFixed(2)}–${Math.max(...times).toFixed(2)})`,
  ].join(' | ')} |`
}

async function storage({ url, guests }: Population): Promise<string> {
  const sizesOf = (table: string) =>
    `pg_table_size('"${table}"') AS "${table}", pg_indexes_size('"${table}"') AS "${table} indexes"`
  const { rows } = await run(url, `SELECT ${sizesOf('Users')}, ${sizesOf('Guests')}`)
  const bytes = Object.values(rows[0] ?? {}).map(Number)
  const cells = bytes.map((value) => `${(value / 2 ** 20).toFixed(0)} MB`)
  const each = bytes.reduce((sum, value) => sum + value, 0) / guests
  return `| ${[guests.toLocaleString('en-GB'), ...cells, each.toFixed(0)].join(' | ')} |`
}
