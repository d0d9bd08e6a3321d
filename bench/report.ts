import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import type { BenchDatabase } from './database.js'
import type { Flags } from './flags.js'
import { SIDES, type Measurement, type Round, type Side } from './measure.js'
import { median } from './median.js'

/** A row of the table: medians of the rounds, and the ratio of the package to the floor. */
interface Row {
  readonly path: string
  readonly statements: string
  readonly floor: number
  readonly package: number
  readonly ratio: Spread
  readonly cpuRatio: Spread
  readonly betterAuth: number | undefined
  /** The ratio of the package to better-auth. */
  readonly betterAuthRatio: Spread | undefined
  readonly sequelize: number | undefined
  /** The ratio of plain Sequelize calls to the package. */
  readonly sequelizeRatio: Spread | undefined
}

interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The table in Markdown, for `docs/performance.md`. */
export function table(measurements: readonly Measurement[]): string {
  const header = [
    '| path | statements | floor req/s | package req/s | ratio (min–max) | ratio by CPU (min–max) | better-auth req/s | package, times better-auth (min–max) | plain Sequelize, of the package (min–max) |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ]
  const rows = measurements
    .map(summarise)
    .map((row) =>
      [
        row.path,
        row.statements,
        thousands(row.floor),
        thousands(row.package),
        spreadText(row.ratio),
        spreadText(row.cpuRatio),
        row.betterAuth === undefined ? '–' : thousands(row.betterAuth),
        row.betterAuthRatio === undefined ? '–' : spreadText(row.betterAuthRatio),
        row.sequelizeRatio === undefined ? '–' : spreadText(row.sequelizeRatio),
      ].join(' | '),
    )
  return [...header, ...rows.map((row) => `| ${row} |`)].join('\n')
}

/** Stores every round in `results/latest.json`. */
export async function save(
  measurements: readonly Measurement[],
  { version }: BenchDatabase,
  flags: Flags,
): Promise<void> {
  const folder = new URL('results/', import.meta.url)
  const report = {
    at: new Date().toISOString(),
    node: process.version,
    postgres: version,
    cores: cpus().length,
    flags,
    rows: measurements.map(summarise),
    measurements,
  }
  await mkdir(folder, { recursive: true })
  await writeFile(new URL('latest.json', folder), `${JSON.stringify(report, null, 2)}\n`)
}

function summarise({ path, statements, pairs }: Measurement): Row {
  const rates = (side: Side): number[] =>
    pairs.flatMap((pair) => pair[side] ?? []).map((round) => round.requestsPerSecond)
  const took = (side: Side): boolean => pairs[0]?.[side] !== undefined
  return {
    path,
    statements: SIDES.flatMap((side) => statements[side] ?? []).join(' / '),
    floor: median(rates('floor')),
    package: median(rates('package')),
    ratio: spread(pairs, 'floor', rateOfPackage),
    cpuRatio: spread(pairs, 'floor', (floor, ours) => floor.cpu / ours.cpu),
    betterAuth: took('betterAuth') ? median(rates('betterAuth')) : undefined,
    betterAuthRatio: took('betterAuth') ? spread(pairs, 'betterAuth', rateOfPackage) : undefined,
    sequelize: took('sequelize') ? median(rates('sequelize')) : undefined,
    sequelizeRatio: took('sequelize')
      ? spread(pairs, 'sequelize', (other, ours) => other.requestsPerSecond / ours.requestsPerSecond)
      : undefined,
  }
}

function rateOfPackage(other: Round, ours: Round): number {
  return ours.requestsPerSecond / other.requestsPerSecond
}

/** The ratios within the pairs, whose rounds ran directly one after the other. */
function spread(
  pairs: Measurement['pairs'],
  against: Side,
  ratio: (other: Round, ours: Round) => number,
): Spread {
  const ratios = pairs.flatMap((pair) => {
    const { [against]: other, package: ours } = pair
    return other === undefined || ours === undefined ? [] : [ratio(other, ours)]
  })
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
}

function spreadText({ median: middle, min, max }: Spread): string {
  return `${middle.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-GB')
}
