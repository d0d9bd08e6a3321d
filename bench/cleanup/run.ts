import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { compileServers } from '../compile.js'
import { writeToDocs } from '../docs.js'
import { median } from '../median.js'
import { populate } from '../population.js'
import { COMPILED } from '../server-process.js'
import { measureBeside, type Beside } from './beside.js'
import { measureSpeed, type Speed } from './speed.js'

/**
 * `npm run bench:cleanup [-- --guests 10000,1000000 --rounds 3 --seconds 10 --docs]`: compares the clean-up of expired
 * guests, each with two rows of the application, with one plain DELETE, and measures the latency of pages during a
 * clean-up.
 */
const { values } = parseArgs({
  options: {
    guests: { type: 'string', default: '10000,100000,1000000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    docs: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const DAYS_AGO = 15

await compileServers()
const speeds: Speed[] = []
const besides: Beside[] = []
try {
  const sizes = values.guests.split(',').map(Number)
  for (const guests of sizes) {
    const population = await populate(guests, { daysAgo: DAYS_AGO, children: 2 })
    try {
      speeds.push(await measureSpeed(population, rounds))
      if (guests !== Math.max(...sizes)) continue
      for (const dutyCycle of [1, 0.5, 0.25, 0.1]) {
        besides.push(await measureBeside(population, { dutyCycle, rounds, seconds: Number(values.seconds) }))
      }
    } finally {
      await population.drop()
    }
  }
} finally {
  await rm(COMPILED, { recursive: true })
}

const speedTable = [
  '| guests | one DELETE, guests/s | clean-up, guests/s | ratio (min–max) | two cleaners against one | memory |',
  '| --- | --- | --- | --- | --- | --- |',
  ...speeds.map((speed) =>
    row(
      thousands(speed.guests),
      thousands(speed.plainPerSecond),
      thousands(speed.perSecond),
      spread(speed.ratios),
      spread(speed.twoAgainstOne),
      `${(speed.memory / 2 ** 20).toFixed(0)} MB`,
    ),
  ),
].join('\n')
const besideTable = [
  '| duty cycle | p99 without | p99 with | ratio (min–max) | guests/s meanwhile |',
  '| --- | --- | --- | --- | --- |',
  ...besides.map((beside) =>
    row(
      String(beside.dutyCycle),
      `${beside.p99Without.toFixed(1)} ms`,
      `${beside.p99With.toFixed(1)} ms`,
      spread(beside.ratios),
      thousands(beside.guestsPerSecond),
    ),
  ),
].join('\n')
console.log(`${speedTable}\n\n${besideTable}`)
if (values.docs) {
  const conditions = `PostgreSQL with its default settings, ${String(rounds)} rounds`
  await writeToDocs('cleanup', speedTable, conditions)
  await writeToDocs('cleanup-beside-pages', besideTable, conditions)
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function spread(ratios: readonly number[]): string {
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-GB')
}
