import { grouped } from './number.js'

/** `1 pass`, `2 passes`, `12,000 passes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}
