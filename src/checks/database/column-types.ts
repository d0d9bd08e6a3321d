import { DataTypes } from 'sequelize'

/** Types that stand for the same kind of value, however they are spelt and however large they are. */
type Family = 'number' | 'text' | 'uuid' | 'date' | 'boolean' | 'json'

/** By the dialects' spellings; what is not here is nobody's gross mistake. */
const STORED: readonly (readonly [RegExp, readonly Family[]])[] = [
  [/^(tinyint\(1\)|bool|boolean)/, ['boolean', 'number']],
  [/^(tiny|small|medium|big)?int|^(serial|bigserial|numeric|decimal|number)/, ['number', 'boolean']],
  [/^timestamp with time zone|^timestamp\(\d\) with time zone|^datetime/, ['date']],
  [/^uuid|^binary\(16\)/, ['uuid']],
  [/^char\(36\)|^char\(36\) binary/, ['uuid', 'text']],
  [/^jsonb?/, ['json']],
  [/^longtext/, ['json', 'text']],
  [/^(varchar|character varying|nvarchar|character|char)/, ['text', 'uuid', 'json']],
  [/^(text|mediumtext|citext|tinytext)/, ['text', 'uuid', 'json']],
  [/^timestamp/, ['date']],
  [/^(date|time|bytea|blob|real|double|float)/, []],
]

/** PostgreSQL drops the zone of what is written to it, and gives back another instant. */
const ZONELESS = /^timestamp(\(\d\))? without time zone/

/**
 * Whether a column can hold what an attribute says. Only gross differences count: another kind of value, or a text that is
 * shorter than what will be written.
 */
export function fitsType(wanted: unknown, length: number | undefined, stored: string): boolean {
  const type = stored.toLowerCase()
  const family = familyOf(wanted)
  if (family === undefined) return true
  const possible = STORED.find(([spelling]) => spelling.test(type))?.[1]
  if (possible === undefined) return true
  if (!possible.includes(family) || ZONELESS.test(type)) return false
  const room = /^(?:var|nvar|character|char)[a-z ]*\((\d+)\)/.exec(type)?.[1]
  return length === undefined || room === undefined || Number(room) >= length
}

function familyOf(type: unknown): Family | undefined {
  if (type instanceof DataTypes.BOOLEAN) return 'boolean'
  if (type instanceof DataTypes.INTEGER || type instanceof DataTypes.BIGINT) return 'number'
  if (type instanceof DataTypes.UUID) return 'uuid'
  if (type instanceof DataTypes.DATE) return 'date'
  if (type instanceof DataTypes.JSON) return 'json'
  return type instanceof DataTypes.STRING || type instanceof DataTypes.TEXT ? 'text' : undefined
}
